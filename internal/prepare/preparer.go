package prepare

import (
	"fmt"
	"image"
	"image/color"
	"slices"
)

// Preparer prepares images one by one as a [Preparation] says, for a network of one resolution:
// what it gives are the bits that trainings and tests get of the same
// images. It is safe
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
	if resolution < 1 || resolution > maxResolution {
		return nil, fmt.Errorf("prepare: a network for %d pixels: want 1 to %d", resolution,
			maxResolution)
	}
	table := Table(p.Mean, p.Std, channels)
	return &Preparer{p.SizePx, channels, table, NewResizer(p.SizePx, resolution)}, nil
}

// Prepare writes img as (resolution,resolution,channels) to dst. The image is taken as it is seen:
// one from a file must be turned by its orientation before, as [DecodeImage] does.
func (p *Preparer) Prepare(dst []float32, img image.Image) error {
	if err := checkSides(img); err != nil {
		return err
	}
	if want := p.resizer.dst * p.resizer.dst * p.channels; len(dst) != want {
		return fmt.Errorf("prepare: %d values for a prepared image: want %d", len(dst), want)
	}
	pixels := make([]uint8, p.size*p.size*3)
	err := reading(img, func() {
		Fit(pixels, See(wide(img), Header{Orientation: Upright}), p.size, false)
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
		return fmt.Errorf("prepare: there is no image: it is nil")
	}
	var b image.Rectangle
	if err := reading(img, func() { b = img.Bounds() }); err != nil {
		return err
	}
	if w, h := b.Dx(), b.Dy(); min(w, h) < 1 || max(w, h) > maxSide {
		return fmt.Errorf("prepare: an image of %dx%d pixels: want sides from 1 to %d", w, h,
			maxSide)
	}
	return nil
}

// reading turns a panic of an image's methods into an error: the image may be of any type, or have
// fewer pixels than it says.
func reading(img image.Image, f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("prepare: the image, of type %T, cannot be read: %v", img, p)
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
			return nil, fmt.Errorf(
				"prepare: a colour image, the network is for grey ones: convert it to grey")
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
