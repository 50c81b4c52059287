//go:build !noasm

package kernel

import "unsafe"

type mapFunc func(y, x, scale, shift, other *float32, rows, rowBytes, vectors int, tail bool,
	mask *int32)
type map2Func func(y, x, r, scale, shift, other *float32, rows, rowBytes, vectors int, tail bool,
	mask *int32)

// mapKernel is a map for both instruction sets; either the one- or the two-input form is set. If
// none is, there is only the plain Go body.
type mapKernel struct {
	one512, one2 mapFunc
	two512, two2 map2Func
}

func (k *mapKernel) missing() bool { return k.one512 == nil && k.two512 == nil }

var (
	scaleShiftKernels = [actCount]mapKernel{
		Identity: {one512: scaleShiftIdentityAVX512, one2: scaleShiftIdentityAVX2},
		ReLU:     {one512: scaleShiftReLUAVX512, one2: scaleShiftReLUAVX2},
		ReLU6:    {one512: scaleShiftReLU6AVX512, one2: scaleShiftReLU6AVX2},
		HSwish:   {one512: scaleShiftHSwishAVX512, one2: scaleShiftHSwishAVX2},
		SiLU:     {one512: scaleShiftSiLUAVX512, one2: scaleShiftSiLUAVX2},
	}
	scaleShiftAddKernel = mapKernel{two512: scaleShiftAddAVX512, two2: scaleShiftAddAVX2}
	combineKernel       = mapKernel{two512: combineAVX512, two2: combineAVX2}
)

// lastMask is the mask of the n lanes of a last vector, of any instruction set.
func lastMask(n int) *int32 {
	if active == AVX512 {
		return &bitMasks[n]
	}
	return &lanes[8-n]
}

// vectorLanes is the number of values in a vector.
func vectorLanes() int {
	if active == AVX512 {
		return 16
	}
	return 8
}

func mapVector(k mapKernel, y, x, r, scale, shift, other []float32, rows, c int) bool {
	if active == Portable || k.missing() {
		return false
	}
	lanes := vectorLanes()
	whole, rest := c/lanes, c%lanes
	mask := lastMask(rest)
	switch {
	case active == AVX512 && k.one512 != nil:
		k.one512(&y[0], &x[0], &scale[0], &shift[0], &other[0], rows, 4*c, whole, rest > 0, mask)
	case active == AVX512:
		k.two512(&y[0], &x[0], &r[0], &scale[0], &shift[0], &other[0], rows, 4*c, whole, rest > 0,
			mask)
	case k.one2 != nil:
		k.one2(&y[0], &x[0], &scale[0], &shift[0], &other[0], rows, 4*c, whole, rest > 0, mask)
	default:
		k.two2(&y[0], &x[0], &r[0], &scale[0], &shift[0], &other[0], rows, 4*c, whole, rest > 0,
			mask)
	}
	return true
}

type sumFunc func(x, s, q *float32, rows, rowBytes int, mask *int32)

// vectorKernels is what works on a column block of some vectors, by their number.
type vectorKernels[F any] struct{ avx512, avx2 []F }

func (k *vectorKernels[F]) active() []F {
	if active == AVX512 {
		return k.avx512
	}
	return k.avx2
}

var (
	productKernels = vectorKernels[sumFunc]{
		avx512: []sumFunc{8: products8AVX512, 4: products4AVX512, 2: products2AVX512,
			1: products1AVX512},
		avx2: []sumFunc{2: products2AVX2, 1: products1AVX2},
	}
)

// block gives the kernel for the channels from j on, as many as there is one for, with the mask of
// its last vector.
func block[F any](kernels []F, j, c int) (f F, channels int, mask *int32) {
	lanes := vectorLanes()
	width := len(kernels) - 1
	for width > 1 && j+(width-1)*lanes >= c {
		width /= 2
	}
	channels = min(width*lanes, c-j)
	return kernels[width], channels, lastMask(channels - (width-1)*lanes)
}

func productsVector(x, d, dot []float32, rows, c int) bool {
	if active == Portable {
		return false
	}
	for j := 0; j < c; {
		f, channels, mask := block(productKernels.active(), j, c)
		f(&x[j], &d[j], &dot[j], rows, 4*c, mask)
		j += channels
	}
	return true
}

// streams says whether rows of c channels can be written past the caches: only whole vectors can,
// and only whole cache lines should, for parts of one go to memory each on its own.
func streams(y []float32, c int) bool {
	return active != Portable && c%lineValues == 0 &&
		uintptr(unsafe.Pointer(&y[0]))%(4*lineValues) == 0
}

// Settle waits until what this thread wrote past the caches can be read by others.
func Settle() { fence() }

type (
	gradientFunc func(out, d, x, scale, shift, mean, sum, dot *float32, rows, rowBytes int,
		mask *int32, stream bool)
	gradientRowsFunc func(out, d, x, scale, shift, mean, sum, dot *float32,
		rows, rowBytes, vectors int, tail bool, mask *int32, stream bool)
)

// gradientKernels has kernels for a column block of some vectors, by their number, and one for all
// columns.
var gradientKernels = [actCount]struct {
	avx512 []gradientFunc
	avx2   gradientRowsFunc
}{
	Identity: {[]gradientFunc{8: gradientIdentity8AVX512, 4: gradientIdentity4AVX512,
		2: gradientIdentity2AVX512, 1: gradientIdentity1AVX512}, gradientIdentityAVX2},
	ReLU: {[]gradientFunc{8: gradientReLU8AVX512, 4: gradientReLU4AVX512,
		2: gradientReLU2AVX512, 1: gradientReLU1AVX512}, gradientReLUAVX2},
	ReLU6: {[]gradientFunc{8: gradientReLU68AVX512, 4: gradientReLU64AVX512,
		2: gradientReLU62AVX512, 1: gradientReLU61AVX512}, gradientReLU6AVX2},
	HSwish: {[]gradientFunc{8: gradientHSwish8AVX512, 4: gradientHSwish4AVX512,
		2: gradientHSwish2AVX512, 1: gradientHSwish1AVX512}, gradientHSwishAVX2},
	SiLU: {[]gradientFunc{8: gradientSiLU8AVX512, 4: gradientSiLU4AVX512,
		2: gradientSiLU2AVX512, 1: gradientSiLU1AVX512}, gradientSiLUAVX2},
}

func (n *Norm) gradientVector(g, d, x, sum, dot []float32, rows int, stream bool) bool {
	kernels := &gradientKernels[n.Act]
	if active == Portable || kernels.avx2 == nil {
		return false
	}
	c := len(n.Scale)
	stream = stream && streams(g, c)
	if active == AVX2 {
		kernels.avx2(&g[0], &d[0], &x[0], &n.Scale[0], &n.Shift[0], &n.Mean[0], &sum[0], &dot[0],
			rows, 4*c, c/8, c%8 > 0, lastMask(c%8), stream)
		return true
	}
	for j := 0; j < c; {
		f, channels, mask := block(kernels.avx512, j, c)
		f(&g[j], &d[j], &x[j], &n.Scale[j], &n.Shift[j], &n.Mean[j], &sum[j], &dot[j], rows, 4*c,
			mask, stream)
		j += channels
	}
	return true
}

func addVector(y, x []float32) bool {
	if active == Portable || len(y) == 0 {
		return false
	}
	lanes := vectorLanes()
	whole, rest := len(y)/lanes, len(y)%lanes
	if active == AVX512 {
		addAVX512(&y[0], &x[0], whole, rest > 0, lastMask(rest))
	} else {
		addAVX2(&y[0], &x[0], whole, rest > 0, lastMask(rest))
	}
	return true
}

func rectifiedDotVector(x, out, in, w []float32) (float32, bool) {
	if active == Portable || len(w) == 0 {
		return 0, false
	}
	lanes := vectorLanes()
	whole, rest := len(w)/lanes, len(w)%lanes
	f := rectifiedDotAVX2
	if active == AVX512 {
		f = rectifiedDotAVX512
	}
	return f(&x[0], &out[0], &in[0], &w[0], whole/2, whole%2 > 0, rest > 0, lastMask(rest)), true
}

func (a *Adam) vector(w, first, second, gradient []float32) bool {
	if active == Portable || len(w) == 0 {
		return false
	}
	constants := [...]float32{a.First, a.Second, a.Keep, a.Rate, a.Scale, a.Epsilon}
	lanes := vectorLanes()
	whole, rest := len(w)/lanes, len(w)%lanes
	f := adamAVX2
	if active == AVX512 {
		f = adamAVX512
	}
	f(&w[0], &first[0], &second[0], &gradient[0], &constants[0], whole, rest > 0, lastMask(rest))
	return true
}

func (p pooling) largestVector(y []float32, at []int32, x []float32, place int) bool {
	if active == Portable {
		return false
	}
	lanes := vectorLanes()
	whole, rest := p.c/lanes, p.c%lanes
	f := largestAVX2
	if active == AVX512 {
		f = largestAVX512
	}
	f(&y[0], &at[0], &x[0], p.pixels, 4*p.c, 4*p.step, whole, rest > 0, lastMask(rest),
		int32(place))
	return true
}
