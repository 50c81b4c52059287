package augment

import "math/rand/v2"

// Editor changes the bytes of one image after another. It belongs to one goroutine.
type Editor struct {
	recipe         Recipe
	size, channels int
	spare          []uint8
	columns, lines []tap
	wide           [2][]int32
}

// NewEditor makes one for squares of a size, of 1 or 3 channels.
func NewEditor(r Recipe, size, channels int) *Editor {
	length := size * size * channels
	e := &Editor{recipe: r, size: size, channels: channels, spare: make([]uint8, length)}
	if r.Crops() {
		e.columns, e.lines = make([]tap, size), make([]tap, size)
		e.wide = [2][]int32{make([]int32, size*channels), make([]int32, size*channels)}
	}
	return e
}

// Edit does what the recipe says to the bytes of an image: crop, colour jitter, TrivialAugment. The
// image is changed; the same slice has the result.
func (e *Editor) Edit(r *rand.Rand, pixels []uint8) {
	if e.recipe.Crops() {
		if w, ok := drawWindow(r, e.size, e.recipe.CropArea, e.recipe.CropRatio); ok {
			copy(e.spare, pixels)
			e.resample(pixels, e.spare, w)
		}
	}
	e.jitter(r, pixels)
	if e.recipe.TrivialAugment {
		e.trivial(r, pixels)
	}
}
