package data

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"path"
	"strings"
)

// imageName tells whether a file is an image by its name, and whether of a kind that decode reads.
func imageName(name string) (isImage, known bool) {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png":
		return true, true
	case ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".avif", ".jxl", ".ppm", ".pgm":
		return true, false
	}
	return false, false
}

// hidden tells whether a part of a path begins with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

// readHeader checks an image's header before anything of its claimed size is allocated, and tells
// whether the file holds grey values only.
func readHeader(raw []byte) (grey bool, f *fault) {
	r := bytes.NewReader(raw)
	config := jpeg.DecodeConfig
	if isPNG(raw) {
		config = png.DecodeConfig
	}
	c, err := config(r)
	if err != nil {
		return false, broken(raw, r, err)
	}
	// The product cannot overflow: both sides are capped first.
	if c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels {
		return false, &fault{-1, fmt.Sprintf("an image of 1x1 to %d pixels, no side over %d", maxPixels, maxSide),
			fmt.Sprintf("%dx%d", c.Width, c.Height), nil}
	}
	return c.ColorModel == color.GrayModel || c.ColorModel == color.Gray16Model, nil
}

// decode unpacks an image that readHeader has accepted.
func decode(raw []byte) (image.Image, *fault) {
	r := bytes.NewReader(raw)
	read := jpeg.Decode
	if isPNG(raw) {
		read = png.Decode
	}
	img, err := read(r)
	if err != nil {
		return nil, broken(raw, r, err)
	}
	return img, nil
}

// isPNG looks at the content because names lie.
func isPNG(raw []byte) bool { return bytes.HasPrefix(raw, []byte("\x89PNG")) }

// broken words a decoder's error; the offset is how far the decoder had read.
func broken(raw []byte, r *bytes.Reader, err error) *fault {
	return &fault{int64(len(raw) - r.Len()), "a whole JPEG or PNG image", ending(err), err}
}
