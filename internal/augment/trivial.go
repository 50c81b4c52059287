package augment

import (
	"math"
	"math/rand/v2"
)

// operation is one of those that TrivialAugment chooses from.
type operation struct {
	name   string
	signed bool // either way with equal probability
	apply  func(e *Editor, pixels []uint8, strength float64)
}

// strengths is how many strengths an operation has, evenly spaced from none to the most.
const strengths = 31

// operations are those of the wide space of TrivialAugment (Müller and Hutter, ICCV 2021, table 1).
// A strength of 0 changes nothing, and 1 is the most, but for those without strength.
func operations() [14]operation {
	type bytes = []uint8
	// moved shears and translates, at full strength by so much.
	moved := func(b, c, d, g float64) func(*Editor, bytes, float64) {
		return func(e *Editor, p bytes, s float64) { e.affine(p, 1, b*s, c*s, d*s, 1, g*s) }
	}
	return [...]operation{
		{"identity", false, func(*Editor, bytes, float64) {}},
		{"shear x", true, moved(.99, 0, 0, 0)},
		{"shear y", true, moved(0, 0, .99, 0)},
		{"translate x", true, moved(0, 32, 0, 0)},
		{"translate y", true, moved(0, 0, 0, 32)},
		{"rotate", true, func(e *Editor, p bytes, s float64) { e.rotate(p, 135*s) }},
		{"brightness", true, func(_ *Editor, p bytes, s float64) { brighten(p, 1+.99*s) }},
		{"colour", true, func(e *Editor, p bytes, s float64) { e.saturate(p, 1+.99*s) }},
		{"contrast", true, func(e *Editor, p bytes, s float64) { e.contrast(p, 1+.99*s) }},
		{"sharpness", true, func(e *Editor, p bytes, s float64) { e.sharpen(p, 1+.99*s) }},
		{"posterize", false, func(_ *Editor, p bytes, s float64) {
			posterize(p, 8-int(math.Round(6*s)))
		}},
		{"solarize", false, func(_ *Editor, p bytes, s float64) { solarize(p, 255-255*s) }},
		{"auto contrast", false, func(e *Editor, p bytes, _ float64) { e.autoContrast(p) }},
		{"equalize", false, func(e *Editor, p bytes, _ float64) { e.equalize(p) }},
	}
}

// trivial does one operation at one strength, each drawn uniformly.
func (e *Editor) trivial(r *rand.Rand, pixels []uint8) {
	all := operations()
	op := all[r.IntN(len(all))]
	strength := float64(r.IntN(strengths)) / (strengths - 1)
	if r.IntN(2) == 1 && op.signed {
		strength = -strength
	}
	op.apply(e, pixels, strength)
}

// affine gives each pixel (x,y) the nearest one at (a x + b y + c, d x + e y + f), black where that
// is outside. Coordinates are of pixels' centres, from the upper left corner.
func (e *Editor) affine(pixels []uint8, a, b, c, d, f, g float64) {
	copy(e.spare, pixels)
	n, ch := e.size, e.channels
	for y := range n {
		cy := float64(y) + .5
		for x := range n {
			cx := float64(x) + .5
			sx := math.Floor(float64(a*cx) + float64(b*cy) + c)
			sy := math.Floor(float64(d*cx) + float64(f*cy) + g)
			out := pixels[(y*n+x)*ch:][:ch]
			if sx < 0 || sy < 0 || sx >= float64(n) || sy >= float64(n) {
				clear(out)
				continue
			}
			copy(out, e.spare[(int(sy)*n+int(sx))*ch:])
		}
	}
}

// rotate turns the image about its centre.
func (e *Editor) rotate(pixels []uint8, degrees float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	half := float64(e.size) / 2
	e.affine(pixels, cos, sin, half-float64(cos*half)-float64(sin*half),
		-sin, cos, half+float64(sin*half)-float64(cos*half))
}
