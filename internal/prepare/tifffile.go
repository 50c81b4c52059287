package prepare

import "image"

// Tags of a TIFF that its decoder does not look at, or takes for something else.
const (
	compressionTag = 259
	photometricTag = 262
	fillOrderTag   = 266
	samplesTag     = 277
	planarTag      = 284
	faxOptionsTag  = 292
)

// Their values that matter here.
const (
	fax3, fax4   = 3, 4 // compression: CCITT group 3 and group 4
	blackIsZero  = 1    // photometric interpretation
	lowBitFirst  = 2    // fill order
	planeByPlane = 2    // planar configuration
	faxTwoRows   = 1    // group 3 options: rows are coded by those before
)

// tiffFacts are what the first directory of a TIFF says about its image.
type tiffFacts struct {
	orientation int
	inverted    bool   // its decoder gives black for white
	lacks       string // what its decoder would take for something else, "" for nothing
}

// readTIFF reads the first directory. It judges nothing that the decoder will judge.
func readTIFF(raw []byte) tiffFacts {
	d := readDirectory(raw)
	compression := d.short(compressionTag, 1)
	fax := compression == fax3 || compression == fax4
	f := tiffFacts{orientation: exifOrientation(raw)}
	// The codes of a fax stand for white and black paper. The file says which of its bits is white,
	// and the decoder inverts the bits, but then takes them for the paper's colour in either case.
	f.inverted = fax && d.short(photometricTag, 0) == blackIsZero
	switch {
	case d.short(planarTag, 1) == planeByPlane && d.short(samplesTag, 1) > 1:
		f.lacks = "its channels one after another (planar configuration 2)"
	case !fax && d.short(fillOrderTag, 1) == lowBitFirst:
		f.lacks = "the bits of a byte from the lowest on (fill order 2)"
	case compression == fax3 && d.short(faxOptionsTag, 0)&faxTwoRows != 0:
		f.lacks = "CCITT group 3 compression in two dimensions"
	}
	return f
}

// short gives the first value of a tag, of type SHORT or LONG, and other where there is none.
func (d *directory) short(tag uint16, other int) int {
	e := d.entry(tag)
	switch {
	case e == nil || d.order.Uint32(e[4:]) != 1:
		return other
	case d.order.Uint16(e[2:]) == 3:
		return int(d.order.Uint16(e[8:]))
	case d.order.Uint16(e[2:]) == 4:
		return int(d.order.Uint32(e[8:]))
	}
	return other
}

// invert swaps black and white in place.
func invert(img image.Image) {
	if grey, ok := img.(*image.Gray); ok {
		for i, v := range grey.Pix {
			grey.Pix[i] = 255 - v
		}
	}
}
