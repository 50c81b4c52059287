package data

import (
	"fmt"
	"image"
	"io"
)

// DecodeImage reads an image file of any format that [Open] reads, and gives the image as it is to
// be seen: turned by its EXIF orientation, and on white where it is transparent.
func DecodeImage(r io.Reader) (image.Image, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxImage+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("data: read image: %w", err)
	case len(raw) > maxImage:
		return nil, fmt.Errorf("data: read image: want at most %d bytes, there are more", maxImage)
	}
	h, f := readHeader(raw, 0)
	if f != nil {
		return nil, f.alone()
	}
	stored, f := decode(raw, h)
	if f != nil {
		return nil, f.alone()
	}
	return see(stored, h), nil
}

// alone words a fault in a file without a name.
func (f *fault) alone() error {
	at := ""
	if f.offset >= 0 {
		at = fmt.Sprintf("at byte %d: ", f.offset)
	}
	if f.err != nil {
		return fmt.Errorf("data: read image: %swant %s, got %s (%w)", at, f.want, f.got, f.err)
	}
	return fmt.Errorf("data: read image: %swant %s, got %s", at, f.want, f.got)
}
