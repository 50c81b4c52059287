package prepare

import (
	"fmt"
	"image"
	"io"
)

// DecodeImage reads an image file of any format that is read, and gives the image as it is to
// be seen: turned by its EXIF orientation, and on white where it is transparent.
func DecodeImage(r io.Reader) (image.Image, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("prepare: read image: %w", err)
	case len(raw) > MaxFile:
		return nil, fmt.Errorf("prepare: read image: want at most %d bytes, there are more",
			MaxFile)
	}
	h, f := ReadHeader(raw, 0)
	if f != nil {
		return nil, f.alone()
	}
	stored, f := Decode(raw, h)
	if f != nil {
		return nil, f.alone()
	}
	return See(stored, h), nil
}

// alone words a fault in a file without a name.
func (f *Fault) alone() error {
	at := ""
	if f.Offset >= 0 {
		at = fmt.Sprintf("at byte %d: ", f.Offset)
	}
	if f.Err != nil {
		return fmt.Errorf("prepare: read image: %swant %s, got %s (%w)", at, f.Want, f.Got, f.Err)
	}
	return fmt.Errorf("prepare: read image: %swant %s, got %s", at, f.Want, f.Got)
}
