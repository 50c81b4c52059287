package prepare

import "sync"

// Resizer scales square images from one side to another: bilinear with aligned corners off, and
// when shrinking with a triangle filter widened by the scale, so that no pixel is skipped (as
// torchvision does with antialias). It is safe for concurrent use.
type Resizer struct {
	src, dst int
	taps     []tap // of each output coordinate; rows and columns are alike
	scratch  sync.Pool
}

// tap is the weighted window of source coordinates that one output coordinate sees. Weights add up
// to 1.
type tap struct {
	from    int
	weights []float32
}

// NewResizer prepares the weights to go from side src to side dst. It panics unless both are
// positive.
func NewResizer(src, dst int) *Resizer {
	if src < 1 || dst < 1 {
		panic("prepare: NewResizer: sides must be positive")
	}
	r := &Resizer{src: src, dst: dst, taps: make([]tap, dst)}
	for i := range r.taps {
		r.taps[i] = triangle(i, src, dst)
	}
	r.scratch.New = func() any { return new([]float32) }
	return r
}

// triangle computes the window of output i: weight max(0, 1-|x|/w) at distance x from the output's
// centre in source coordinates, where w is the scale but at least 1, cut off at the image's edge
// and normalised.
func triangle(i, src, dst int) tap {
	scale := float64(src) / float64(dst)
	width := max(scale, 1)
	centre := (float64(i) + .5) * scale
	lo := max(int(centre-width+.5), 0)
	hi := min(int(centre+width+.5), src)
	weights, sum := make([]float64, hi-lo), 0.0
	for k := range weights {
		x := (float64(lo+k) + .5 - centre) / width
		weights[k] = max(0, 1-max(x, -x))
		sum += weights[k]
	}
	t := tap{from: lo, weights: make([]float32, len(weights))}
	for k, w := range weights {
		t.weights[k] = float32(w / sum)
	}
	return t
}

// Resize scales n images: src is (n,S,S,channels), dst is (n,D,D,channels), not overlapping. Equal
// sides copy. An image's result does not depend on the others, so ranges of a batch may be scaled
// at the same time. It panics when a slice is too short.
func (r *Resizer) Resize(dst, src []float32, n, channels int) {
	from, to := r.src*r.src*channels, r.dst*r.dst*channels
	if len(src) < n*from || len(dst) < n*to {
		panic("prepare: Resize: slice shorter than the batch")
	}
	if r.src == r.dst {
		copy(dst[:n*to], src)
		return
	}
	// From a pool, because several goroutines scale ranges of one batch in every step of training.
	buf := r.scratch.Get().(*[]float32)
	defer r.scratch.Put(buf)
	if need := r.src * r.dst * channels; len(*buf) < need {
		*buf = make([]float32, need)
	}
	for i := range n {
		r.one(dst[i*to:(i+1)*to], src[i*from:(i+1)*from], *buf, channels)
	}
}

// one scales one image, first every row into wide (S,D,C), then the columns.
func (r *Resizer) one(dst, src, wide []float32, channels int) {
	srcRow, dstRow := r.src*channels, r.dst*channels
	for y := range r.src {
		r.row(wide[y*dstRow:(y+1)*dstRow], src[y*srcRow:(y+1)*srcRow], channels)
	}
	// Whole rows at a time: the inner loop runs over memory in order, whatever the number of
	// channels.
	for y, t := range r.taps {
		out := dst[y*dstRow : (y+1)*dstRow]
		clear(out)
		for k, w := range t.weights {
			in := wide[(t.from+k)*dstRow:][:len(out)]
			for x, v := range in {
				out[x] += w * v
			}
		}
	}
}

// row scales one row of pixels.
func (r *Resizer) row(dst, src []float32, channels int) {
	if channels == 3 {
		r.rowRGB(dst, src)
		return
	}
	for x, t := range r.taps {
		for c := range channels {
			sum := float32(0)
			for k, w := range t.weights {
				sum += w * src[(t.from+k)*channels+c]
			}
			dst[x*channels+c] = sum
		}
	}
}

// rowRGB is row for three channels, with the sums in registers.
func (r *Resizer) rowRGB(dst, src []float32) {
	for x, t := range r.taps {
		var a, b, c float32
		in := src[3*t.from:]
		for k, w := range t.weights {
			p := in[3*k : 3*k+3 : 3*k+3]
			a, b, c = a+w*p[0], b+w*p[1], c+w*p[2]
		}
		out := dst[3*x : 3*x+3 : 3*x+3]
		out[0], out[1], out[2] = a, b, c
	}
}
