package augment

import (
	"math"
	"math/rand/v2"
)

// window is a rectangle of an image in pixels.
type window struct{ x, y, w, h int }

// drawWindow chooses a rectangle within a square by its share of the area and by the ratio of its
// sides, whose logarithm is uniform. Ten draws that do not fit give false, as in Inception's
// preprocessing.
func drawWindow(r *rand.Rand, side int, area, ratio [2]float64) (window, bool) {
	const tries = 10
	low, high := math.Log(ratio[0]), math.Log(ratio[1])
	for range tries {
		pixels := float64(side*side) * between(r, area[0], area[1])
		aspect := math.Exp(between(r, low, high))
		w := int(math.Round(math.Sqrt(pixels * aspect)))
		h := int(math.Round(math.Sqrt(pixels / aspect)))
		if w >= 1 && h >= 1 && w <= side && h <= side {
			return window{r.IntN(side - w + 1), r.IntN(side - h + 1), w, h}, true
		}
	}
	return window{0, 0, side, side}, false
}

func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// Weights of the two pixels between which a value is interpolated are counted in parts of
// 1<<weightBits: whole numbers give the same bytes on every machine.
const weightBits = 11

// tap is one coordinate of the result: between which pixels of a line it lies.
type tap struct {
	from, to int32
	weight   int32 // of to
}

// spread fills taps with the coordinates that stretch n pixels, from start on, to their number.
func spread(taps []tap, start, n int) {
	for i := range taps {
		at := (float64(i)+.5)*float64(n)/float64(len(taps)) - .5
		at = min(max(at, 0), float64(n-1))
		from := int(at)
		taps[i] = tap{int32(start + from), int32(start + min(from+1, n-1)),
			int32(math.Round((at - float64(from)) * (1 << weightBits)))}
	}
}

// resample stretches a window of src to the whole square, bilinear with aligned corners off. A
// window is no larger than the square, so that no pixel is skipped.
func (e *Editor) resample(dst, src []uint8, w window) {
	spread(e.columns, w.x, w.w)
	spread(e.lines, w.y, w.h)
	row := e.size * e.channels
	// A line of the result lies between two neighbours, of which one has an even number: each
	// stretched line is kept until the next of its parity.
	have := [2]int32{-1, -1}
	for y, t := range e.lines {
		for _, line := range [2]int32{t.from, t.to} {
			if have[line&1] != line {
				e.stretch(e.wide[line&1], src[int(line)*row:][:row])
				have[line&1] = line
			}
		}
		blendLines(dst[y*row:][:row], e.wide[t.from&1], e.wide[t.to&1], t.weight)
	}
}

// stretch interpolates a line of pixels; its values are bytes times 1<<weightBits.
func (e *Editor) stretch(dst []int32, src []uint8) {
	if e.channels == 3 {
		stretchRGB(dst, src, e.columns)
		return
	}
	for x, t := range e.columns {
		dst[x] = int32(src[t.from])<<weightBits + (int32(src[t.to])-int32(src[t.from]))*t.weight
	}
}

func stretchRGB(dst []int32, src []uint8, columns []tap) {
	for x, t := range columns {
		a, b := src[3*t.from:][:3], src[3*t.to:][:3]
		out := dst[3*x:][:3]
		for c := range 3 {
			out[c] = int32(a[c])<<weightBits + (int32(b[c])-int32(a[c]))*t.weight
		}
	}
}

// blendLines goes from line a (weight 0) to line b, and rounds to bytes.
func blendLines(dst []uint8, a, b []int32, weight int32) {
	a, b = a[:len(dst)], b[:len(dst)]
	rest := int32(1<<weightBits) - weight
	for i := range dst {
		dst[i] = uint8((a[i]*rest + b[i]*weight + 1<<(2*weightBits-1)) >> (2 * weightBits))
	}
}
