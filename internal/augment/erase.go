package augment

import "math/rand/v2"

// EraseFrom gives a rectangle of a normalised image the value 0, which is the mean colour of the
// data, with the recipe's probability (Zhong et al., AAAI 2020, which also tries other values).
func (r Recipe) EraseFrom(random *rand.Rand, x []float32, size, channels int) {
	if r.Erase == 0 || random.Float64() >= r.Erase {
		return
	}
	w, ok := drawWindow(random, size, r.EraseArea, [2]float64{0.3, 1 / 0.3})
	if !ok {
		return
	}
	for y := w.y; y < w.y+w.h; y++ {
		clear(x[(y*size+w.x)*channels:][:w.w*channels])
	}
}
