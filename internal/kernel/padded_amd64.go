//go:build !noasm

package kernel

type stripFunc func(y, x, w *float32, xRow, pixel, vectors int, tail, stream bool, mask *int32, sum,
	square, ahead *float32, step int)
type tapsFunc func(dw, x, dz *float32, xRow, pixel, dzRow, dzPixel, oh, ow, vectors int, tail bool,
	mask *int32, ahead *float32, step int)

// strips has, by half kernel, stride, and log2 of the pixels, what convolves a strip of output
// pixels.
var strips = [4][3][4]stripFunc{
	1: {1: {strip3s1x1AVX512, strip3s1x2AVX512, strip3s1x4AVX512, strip3s1x8AVX512},
		2: {strip3s2x1AVX512, strip3s2x2AVX512, strip3s2x4AVX512, strip3s2x8AVX512}},
	2: {1: {strip5s1x1AVX512, strip5s1x2AVX512, strip5s1x4AVX512, strip5s1x8AVX512},
		2: {strip5s2x1AVX512, strip5s2x2AVX512, strip5s2x4AVX512, strip5s2x8AVX512}},
	3: {1: {strip7s1x1AVX512, strip7s1x2AVX512, strip7s1x4AVX512, strip7s1x8AVX512},
		2: {strip7s2x1AVX512, strip7s2x2AVX512, strip7s2x4AVX512, strip7s2x8AVX512}},
}

// tapGradients has, likewise, what sums the gradient of a row of taps.
var tapGradients = [4][3]tapsFunc{
	1: {1: taps3s1AVX512, 2: taps3s2AVX512},
	2: {1: taps5s1AVX512, 2: taps5s2AVX512},
	3: {1: taps7s1AVX512, 2: taps7s2AVX512},
}

// stripLines is about how many cache lines a strip fetches ahead for every vector of channels.
const stripLines = 10

// tapPixels is the number of output pixels for which a tap gradient fetches one line.
const tapPixels = 8

func (g Padded) convolveVector(y, x, w []float32, a area, sums, squares []float32, stream bool,
	ahead *Ahead) {
	if active == AVX2 {
		g.convolveBlocks(y, x, w, a, sums, squares, stream, ahead)
		return
	}
	for i := range a.rows {
		g.convolveRow(y[i*g.OW*g.C:], x, w, a.oy+i, a.from, a.to, sums, squares, stream, ahead)
	}
}

func (g Padded) convolveRow(y, x, w []float32, oy, from, to int, sums, squares []float32,
	stream bool, ahead *Ahead) {
	kernels := &strips[g.Kernel/2][g.Stride]
	lanes := vectorLanes()
	whole, rest := g.C/lanes, g.C%lanes
	mask := lastMask(rest)
	var sum, square *float32
	if sums != nil {
		sum, square = &sums[0], &squares[0]
	}
	lines := stripLines / g.Kernel * g.Kernel * ((g.C + lanes - 1) / lanes)
	for ox := from; ox < to; {
		size := 3
		for ox+1<<size > to {
			size--
		}
		in := (oy*g.Stride*g.PW() + ox*g.Stride) * g.C
		at, step := ahead.take(lines)
		kernels[size](&y[(ox-from)*g.C], &x[in], &w[0], 4*g.PW()*g.C, 4*g.C, whole, rest > 0,
			stream, mask, sum, square, at, step)
		ox += 1 << size
	}
}

func (g Padded) weightVector(dw, x, dz []float32, row, pixel int, ahead *Ahead) {
	if active == AVX2 {
		g.weightBlocks(dw, x, dz, row, pixel, ahead)
		return
	}
	f := tapGradients[g.Kernel/2][g.Stride]
	lanes := vectorLanes()
	whole, rest := g.C/lanes, g.C%lanes
	lines := (g.C + lanes - 1) / lanes * g.OH * (g.OW / tapPixels)
	for ky := range g.Kernel {
		at, step := ahead.take(lines)
		f(&dw[ky*g.Kernel*g.C], &x[ky*g.PW()*g.C], &dz[0], 4*g.Stride*g.PW()*g.C, 4*g.C, 4*row,
			4*pixel, g.OH, g.OW, whole, rest > 0, lastMask(rest), at, step)
	}
}
