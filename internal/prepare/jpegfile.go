package prepare

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"io"
	"strings"
)

// jpegFacts are what the segments of a JPEG file say about it.
type jpegFacts struct {
	exif        []byte  // of the first EXIF segment before the image, nil without
	adobe       bool    // has Adobe's segment, which says how colours are stored
	rgb         bool    // stored as red, green and blue
	progressive bool    // all coefficients are kept until the last scan
	components  int     // channels
	samples     float64 // stored values a pixel, all channels together
	scans       int     // passes over the image
	whole       bool    // has its end mark
}

// readJPEG walks over the segments. It judges nothing that the decoder will judge.
func readJPEG(raw []byte) jpegFacts {
	var f jpegFacts
	for at := 2; ; {
		// Between segments, and inside a scan, everything that is no mark is skipped.
		i := bytes.IndexByte(raw[min(at, len(raw)):], 0xff)
		if i < 0 || at+i+1 >= len(raw) {
			return f
		}
		at += i + 1
		mark := raw[at]
		switch {
		case mark == 0xff:
			continue
		case mark == 0xd9:
			f.whole = true
			return f
		case mark == 0 || mark >= 0xd0 && mark <= 0xd8 || mark == 1:
			at++
			continue
		}
		at++
		if at+2 > len(raw) {
			return f
		}
		n := int(binary.BigEndian.Uint16(raw[at:]))
		if n < 2 || at+n > len(raw) {
			return f
		}
		f.segment(mark, raw[at+2:at+n])
		at += n
	}
}

// segment takes in one segment.
func (f *jpegFacts) segment(mark byte, body []byte) {
	switch {
	case mark == 0xda:
		f.scans++
	case mark == 0xe1 && f.exif == nil && f.scans == 0 &&
		bytes.HasPrefix(body, []byte("Exif\x00\x00")):
		f.exif = body
	case mark == 0xee && bytes.HasPrefix(body, []byte("Adobe")):
		f.adobe = true
		f.rgb = len(body) >= 12 && body[11] == 0
	case mark == 0xc0 || mark == 0xc1 || mark == 0xc2:
		f.frame(body)
		f.progressive = mark == 0xc2
	}
}

// frame reads how many values a pixel has: a channel may be stored at a half of the size.
func (f *jpegFacts) frame(body []byte) {
	if len(body) < 6 || len(body) < 6+3*int(body[5]) {
		return
	}
	f.components = int(body[5])
	most := 1
	for i := range f.components {
		most = max(most, int(body[7+3*i]>>4)*int(body[7+3*i]&15))
	}
	f.samples = 0
	for i := range f.components {
		f.samples += float64(int(body[7+3*i]>>4)*int(body[7+3*i]&15)) / float64(most)
	}
}

// bytesPerPixel is what the decoder keeps of each pixel: the samples, of a progressive file their
// coefficients too, and of what is not YCbCr a converted image beside.
func (f *jpegFacts) bytesPerPixel() float64 {
	b := f.samples
	if f.progressive {
		b += 4 * f.samples
	}
	if f.components == 4 || f.rgb {
		b += 4
	}
	return b
}

// plainCMYK tells four channels without Adobe's segment. They are ink as it is, where Adobe's are
// inverted.
func (f *jpegFacts) plainCMYK() bool { return f.components == 4 && !f.adobe }

// decodePlainCMYK decodes such a file. The standard decoder wants Adobe's segment, so it gets one,
// and the inversion that comes with it is undone.
func decodePlainCMYK(raw []byte, r *bytes.Reader) (image.Image, error) {
	if _, err := r.Seek(2, io.SeekStart); err != nil {
		return nil, err
	}
	// Adobe, version 100, no flags, colours stored as they are.
	const segment = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
	img, err := jpeg.Decode(io.MultiReader(bytes.NewReader(raw[:2]), strings.NewReader(segment), r))
	if inks, ok := img.(*image.CMYK); ok {
		for i, v := range inks.Pix {
			inks.Pix[i] = 255 - v
		}
	}
	return img, err
}
