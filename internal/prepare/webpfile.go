package prepare

import (
	"image"
	"math"
)

// animated tells a WebP of several frames, of which the decoder reads none.
func animated(raw []byte) bool {
	const animation = 1 << 1
	return len(raw) > 20 && string(raw[12:16]) == "VP8X" && raw[20]&animation != 0
}

// fullRange gives the colours of a lossy WebP their whole range in place. WebP keeps brightness
// from 16 to 235 and colour from 16 to 240, as video does, but the type that its decoder gives them
// stands for 0 to 255, as in JPEG: black would be grey.
func fullRange(img image.Image) {
	var planes *image.YCbCr
	switch img := img.(type) {
	case *image.YCbCr:
		planes = img
	case *image.NYCbCrA:
		planes = &img.YCbCr
	default: // lossless
		return
	}
	brightness, colour := stretch(16, 219, 0), stretch(128, 224, 128)
	for i, v := range planes.Y {
		planes.Y[i] = brightness[v]
	}
	for i := range planes.Cb {
		planes.Cb[i], planes.Cr[i] = colour[planes.Cb[i]], colour[planes.Cr[i]]
	}
}

// stretch gives round((v - from) * 255 / span + to) for every byte v, within 0 to 255.
func stretch(from, span, to float64) (table [256]byte) {
	for v := range table {
		table[v] = byte(min(max(math.Round((float64(v)-from)*255/span+to), 0), 255))
	}
	return table
}
