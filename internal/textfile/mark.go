package textfile

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// mark is the byte order mark that some editors write before UTF-8. It says nothing.
var mark = []byte("\xef\xbb\xbf")

// ErrUTF16 is returned for a text in UTF-16, which a byte order mark tells.
var ErrUTF16 = errors.New("is UTF-16: save it as UTF-8")

// Trim takes the byte order mark off a text.
func Trim(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, ErrUTF16
	}
	return bytes.TrimPrefix(text, mark), nil
}

// HasMark says whether a regular file starts with a byte order mark. What cannot be read has none;
// reading it in earnest says why.
func HasMark(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() { // opening a pipe could wait for ever
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	first := make([]byte, len(mark))
	_, err = io.ReadFull(f, first)
	return err == nil && bytes.Equal(first, mark)
}
