package prepare

import (
	"image"
	"image/color"
)

// shown is a decoded image as it is to be seen: mirrored and turned by its orientation, and on
// white where it is transparent or, as the first frame of a GIF may, leaves its canvas open.
// Nothing is copied.
type shown struct {
	src         image.RGBA64Image
	canvas      image.Rectangle // in the coordinates of src
	orientation int
}

// See gives what is to be seen of an image. Images that are stored that way are passed on as they
// are.
func See(img image.RGBA64Image, h Header) image.RGBA64Image {
	if h.Orientation == Upright && !h.Clear(img) {
		return img
	}
	return &shown{src: img, canvas: h.canvas(img), orientation: h.Orientation}
}

// canvas is the whole image, of which a GIF's first frame may be a part.
func (h *Header) canvas(img image.Image) image.Rectangle {
	if h.format.name == "GIF" {
		return image.Rect(0, 0, h.width, h.height)
	}
	return img.Bounds()
}

// open tells whether a frame leaves some of its canvas open.
func (h *Header) open(img image.Image) bool { return h.canvas(img) != img.Bounds() }

// Clear tells whether an image is transparent anywhere.
func (h *Header) Clear(img image.Image) bool { return !opaque(img) || h.open(img) }

// opaque tells whether nothing of an image is transparent.
func opaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// turned tells whether an orientation swaps width and height.
func turned(orientation int) bool { return orientation >= 5 }

// ColorModel is that of RGBA64At.
func (v *shown) ColorModel() color.Model { return color.RGBA64Model }

// Bounds are those of the image as it is seen.
func (v *shown) Bounds() image.Rectangle {
	w, h := v.canvas.Dx(), v.canvas.Dy()
	if turned(v.orientation) {
		w, h = h, w
	}
	return image.Rect(0, 0, w, h)
}

// At makes it an image.Image.
func (v *shown) At(x, y int) color.Color { return v.RGBA64At(x, y) }

// RGBA64At gives a pixel, laid on white if it is not opaque.
func (v *shown) RGBA64At(x, y int) color.RGBA64 {
	p := v.stored(x, y)
	c := color.RGBA64{}
	if p.In(v.src.Bounds()) {
		c = v.src.RGBA64At(p.X, p.Y)
	}
	if white := 0xffff - c.A; white > 0 {
		c = color.RGBA64{R: onWhite(c.R, white), G: onWhite(c.G, white), B: onWhite(c.B, white),
			A: 0xffff}
	}
	return c
}

// onWhite adds the white that alpha leaves open to a premultiplied value, and rounds to 8 bits, as
// programs do that lay 8-bit images on a ground.
func onWhite(v, white uint16) uint16 { return uint16((uint32(v)+uint32(white)+128)/257) * 257 }

// stored gives where the pixel lies in src. EXIF says of each orientation which side of the picture
// the first stored row and column are.
func (v *shown) stored(x, y int) image.Point {
	right, bottom := v.canvas.Dx()-1, v.canvas.Dy()-1
	p := image.Pt(x, y)
	switch v.orientation {
	case 2: // top, right
		p = image.Pt(right-x, y)
	case 3: // bottom, right
		p = image.Pt(right-x, bottom-y)
	case 4: // bottom, left
		p = image.Pt(x, bottom-y)
	case 5: // left, top
		p = image.Pt(y, x)
	case 6: // right, top
		p = image.Pt(y, bottom-x)
	case 7: // right, bottom
		p = image.Pt(right-y, bottom-x)
	case 8: // left, bottom
		p = image.Pt(right-y, x)
	}
	return p.Add(v.canvas.Min)
}
