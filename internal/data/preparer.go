package data

import (
	"fmt"
	"image"
	"image/color"
	"slices"
)

// Preparer prepares images one by one as a [Preparation] says, for a network of one resolution:
// what it gives are the bits that a [Loader] and a [Resizer] give of the same images. It is safe
// for concurrent use.
type Preparer struct {
	size, channels int
	table          [][256]float32
	resizer        *Resizer
}

// NewPreparer makes one for a network that takes images of resolution x resolution pixels.
func NewPreparer(p Preparation, resolution int) (*Preparer, error) {
	channels := map[string]int{"rgb": 3, "grey": 1}[p.Channels]
	if err := p.check(channels); err != nil {
		return nil, err
	}
	if resolution < 1 || resolution > maxImageSide {
		return nil, fmt.Errorf("data: a network for %d pixels: want 1 to %d", resolution, maxImageSide)
	}
	t := Transform{Mean: p.Mean, Std: p.Std}
	return &Preparer{p.SizePx, channels, t.table(channels), NewResizer(p.SizePx, resolution)}, nil
}

// maxImageSide bounds the side of what a network takes.
const maxImageSide = 1 << 12

// check refuses a preparation with steps that are not known here.
func (p Preparation) check(channels int) error {
	for _, step := range []struct{ name, got, want string }{
		{"orientation", p.Orientation, "exif"}, {"background", p.Background, "white"},
		{"crop", p.Crop, "centre-square"}, {"filter", p.Filter, "catmull-rom-antialias"},
		{"range", fmt.Sprint(p.Range), "[0 1]"}, {"resize", p.Resize, "bilinear-antialias"},
	} {
		if step.got != step.want {
			return fmt.Errorf("data: the preparation has %s %q: want %q, others this tailor does not know; "+
				"use the one that wrote it", step.name, step.got, step.want)
		}
	}
	switch {
	case channels == 0:
		return fmt.Errorf(`data: the preparation has channels %q: want "rgb" or "grey"`, p.Channels)
	case p.SizePx < 1 || p.SizePx > maxSize:
		return fmt.Errorf("data: the preparation has size_px %d: want 1 to %d", p.SizePx, maxSize)
	case p.Mean == nil || p.Std == nil:
		return fmt.Errorf("data: the preparation lacks mean or std: want one of each for %d channels", channels)
	}
	return Transform{Mean: p.Mean, Std: p.Std}.check(p.SizePx, channels)
}

// Prepare writes img as (resolution,resolution,channels) to dst. The image is taken as it is seen:
// one from a file must be turned by its orientation before, as [DecodeImage] does.
func (p *Preparer) Prepare(dst []float32, img image.Image) error {
	if err := checkSides(img); err != nil {
		return err
	}
	if want := p.resizer.dst * p.resizer.dst * p.channels; len(dst) != want {
		return fmt.Errorf("data: %d values for a prepared image: want %d", len(dst), want)
	}
	pixels := make([]uint8, p.size*p.size*3)
	err := reading(img, func() {
		fit(pixels, see(wide(img), header{orientation: upright}), p.size, false)
	})
	if err != nil {
		return err
	}
	if p.channels == 1 {
		if pixels, err = onlyGrey(pixels); err != nil {
			return err
		}
	}
	normal := make([]float32, len(pixels))
	for i, v := range pixels {
		normal[i] = p.table[i%p.channels][v]
	}
	p.resizer.Resize(dst, normal, 1, p.channels)
	return nil
}

// checkSides refuses what has no pixels, or too many.
func checkSides(img image.Image) error {
	if img == nil {
		return fmt.Errorf("data: there is no image: it is nil")
	}
	var b image.Rectangle
	if err := reading(img, func() { b = img.Bounds() }); err != nil {
		return err
	}
	if w, h := b.Dx(), b.Dy(); min(w, h) < 1 || max(w, h) > maxSide {
		return fmt.Errorf("data: an image of %dx%d pixels: want sides from 1 to %d", w, h, maxSide)
	}
	return nil
}

// reading turns a panic of an image's methods into an error: the image may be of any type, or have
// fewer pixels than it says.
func reading(img image.Image, f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("data: the image, of type %T, cannot be read: %v", img, p)
		}
	}()
	f()
	return nil
}

// onlyGrey keeps one of three channels that are equal.
func onlyGrey(rgb []uint8) ([]uint8, error) {
	grey := make([]uint8, 0, len(rgb)/3)
	for p := range slices.Chunk(rgb, 3) {
		if p[0] != p[1] || p[1] != p[2] {
			return nil, fmt.Errorf("data: a colour image, the network is for grey ones: convert it to grey")
		}
		grey = append(grey, p[0])
	}
	return grey, nil
}

// wide gives any image the method that all of the standard library have.
func wide(img image.Image) image.RGBA64Image {
	if w, ok := img.(image.RGBA64Image); ok {
		return w
	}
	return widened{img}
}

// widened is an image of a type of somebody else's.
type widened struct{ image.Image }

// RGBA64At gives a pixel.
func (w widened) RGBA64At(x, y int) color.RGBA64 {
	return color.RGBA64Model.Convert(w.At(x, y)).(color.RGBA64)
}
