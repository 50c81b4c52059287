package prepare

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// Header is what is known of an image before it is decoded.
type Header struct {
	format        format
	width, height int // as stored
	plainCMYK     bool
	inverted      bool // a TIFF whose decoder gives black for white

	Orientation int   // [Upright], or how it must be mirrored and turned to be seen
	Grey        bool  // holds grey values only
	Alpha       bool  // may hold transparent pixels
	Cut         bool  // a JPEG or PNG without its end mark
	Memory      int64 // bytes that decoding and scaling it takes
}

// Format names the kind of file.
func (h *Header) Format() string { return h.format.name }

// Seen gives width and height of the image as it is seen.
func (h *Header) Seen() (width, height int) {
	if turned(h.Orientation) {
		return h.height, h.width
	}
	return h.width, h.height
}

// ReadHeader checks what an image's header claims before memory is taken for it. The memory that it
// tells is for decoding and scaling to a side of size.
func ReadHeader(raw []byte, size int) (Header, *Fault) {
	f, ok := formatOf(raw)
	if !ok {
		return Header{}, Unread(raw)
	}
	if lacks := lacks(raw, f); lacks != "" {
		return Header{}, &Fault{-1, "a " + f.name + " image of a kind that is read",
			lacks + ": convert it", nil}
	}
	r := bytes.NewReader(raw)
	c, err := guarded(func() (image.Config, error) { return f.config(r) })
	if err != nil {
		return Header{}, broken(raw, r, f, err)
	}
	h := Header{format: f, width: c.Width, height: c.Height, Orientation: Upright}
	if h.width < 1 || h.height < 1 || h.width > maxSide || h.height > maxSide {
		return h, &Fault{-1, fmt.Sprintf("an image of sides from 1 to %d pixels", maxSide),
			fmt.Sprintf("%dx%d", h.width, h.height), nil}
	}
	h.Grey = c.ColorModel == color.GrayModel || c.ColorModel == color.Gray16Model
	h.Alpha = mayBeTransparent(c.ColorModel, f.name)
	perPixel, fault := h.inspect(raw, c.ColorModel)
	if fault != nil {
		return h, fault
	}
	// Of the scaler, an intermediate image: all rows of the square, each with size columns of four
	// float64.
	h.Memory = int64(len(raw)) + int64(perPixel*float64(h.width)*float64(h.height)) +
		32*int64(size)*int64(min(h.width, h.height))
	return h, h.checkMemory(int64(len(raw)))
}

// lacks says what a file has that its decoder would take for damage, or for something else; "" for
// nothing.
func lacks(raw []byte, f format) string {
	switch {
	case f.name == "WebP" && animated(raw):
		return "an animation"
	case f.name == "TIFF":
		return readTIFF(raw).lacks
	}
	return ""
}

// inspect reads what formats keep outside of the image: the orientation, and how much memory a
// pixel takes.
func (h *Header) inspect(raw []byte, m color.Model) (bytesPerPixel float64, f *Fault) {
	switch h.format.name {
	case "JPEG":
		j := readJPEG(raw)
		h.Orientation, h.plainCMYK, h.Cut = exifOrientation(j.exif), j.plainCMYK(), !j.whole
		return j.bytesPerPixel(), j.checkScans(h.width, h.height)
	case "PNG":
		p, b := readPNG(raw), modelBytes(m)
		h.Orientation, h.Cut = exifOrientation(p.exif), !p.whole
		if p.clear {
			h.Alpha, b = true, max(b, 4)
		}
		if len(raw) > 28 && raw[28] == 1 { // interlaced: passes are decoded on their own
			b *= 2
		}
		return b, nil
	case "WebP":
		h.Orientation = exifOrientation(webpExif(raw))
		if m == color.NRGBAModel { // lossless, decoded in steps
			return 8, nil
		}
		return 4, nil
	case "TIFF":
		t := readTIFF(raw)
		h.Orientation, h.inverted = t.orientation, t.inverted
		return 2 * modelBytes(m), nil
	case "GIF":
		h.Alpha = true // a frame may leave its canvas open
	}
	return modelBytes(m), nil
}

// modelBytes is what a decoded pixel takes.
func modelBytes(m color.Model) float64 {
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// mayBeTransparent tells whether a colour model has alpha that may be used. Decoders but that of
// TIFF give an RGBAModel to files that have none.
func mayBeTransparent(m color.Model, format string) bool {
	switch m {
	case color.NRGBAModel, color.NRGBA64Model, color.NYCbCrAModel:
		return true
	case color.RGBAModel, color.RGBA64Model:
		return format == "TIFF"
	}
	p, ok := m.(color.Palette)
	return ok && !(&image.Paletted{Palette: p}).Opaque()
}

// Decode unpacks an image that [ReadHeader] has accepted.
func Decode(raw []byte, h Header) (image.RGBA64Image, *Fault) {
	r := bytes.NewReader(raw)
	img, err := guarded(func() (image.Image, error) {
		if h.plainCMYK {
			return decodePlainCMYK(raw, r)
		}
		return h.format.decode(r)
	})
	if err != nil {
		return nil, broken(raw, r, h.format, err)
	}
	switch {
	case h.format.name == "WebP":
		fullRange(img)
	case h.inverted:
		invert(img)
	}
	wide, ok := img.(image.RGBA64Image)
	if !ok {
		return nil, &Fault{-1, Readable, fmt.Sprintf("pixels of type %T", img), nil}
	}
	return wide, nil
}

// guarded turns a decoder's panic into an error: a damaged file must not end the program, whatever
// the decoder.
func guarded[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("what its decoder cannot handle (%v)", p)
		}
	}()
	return f()
}

// Unread words that a file is not of a format that is read.
func Unread(raw []byte) *Fault {
	got := "something else"
	switch name := OtherOf(raw); {
	case len(raw) == 0:
		got = "an empty file"
	case name != "":
		got = "a file of format " + name + ": convert it"
	}
	return &Fault{-1, Readable, got, nil}
}

// broken words a decoder's error; the offset is how far the decoder had read. A file that is whole
// but uses what the decoder lacks needs another program to convert it.
func broken(raw []byte, r *bytes.Reader, f format, err error) *Fault {
	var (
		jpegLacks jpeg.UnsupportedError
		pngLacks  png.UnsupportedError
		tiffLacks tiff.UnsupportedError
	)
	if errors.As(err, &jpegLacks) || errors.As(err, &pngLacks) || errors.As(err, &tiffLacks) ||
		errors.Is(err, bmp.ErrUnsupported) {
		return &Fault{-1, "a " + f.name + " image of a kind that is read", err.Error() +
			": convert it", err}
	}
	return &Fault{int64(len(raw) - r.Len()), "a whole " + f.name + " image", Ending(err), err}
}
