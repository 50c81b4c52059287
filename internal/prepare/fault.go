package prepare

import (
	"errors"
	"io"
)

// Fault is what is wrong with an image file. Which file that is, the caller knows.
type Fault struct {
	Offset    int64 // byte by which it showed, -1 if there is no such byte
	Want, Got string
	Err       error // the decoder's, or nil
}

// Ending words a read error.
func Ending(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the end of the file"
	}
	return err.Error()
}
