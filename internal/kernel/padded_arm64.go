//go:build !noasm

package kernel

type stripFunc func(y, x, w *float32, xRow, pixel, channels int, sum, square, ahead *float32,
	step int)
type tapsFunc func(dw, x, dz *float32, xRow, pixel, dzRow, dzPixel, oh, ow, channels int,
	ahead *float32, step int)

// strips has, by half kernel, stride, and log2 of the pixels, what convolves a strip of output
// pixels.
var strips = [4][3][4]stripFunc{
	1: {1: {strip3s1x1NEON, strip3s1x2NEON, strip3s1x4NEON, strip3s1x8NEON},
		2: {strip3s2x1NEON, strip3s2x2NEON, strip3s2x4NEON, strip3s2x8NEON}},
	2: {1: {strip5s1x1NEON, strip5s1x2NEON, strip5s1x4NEON, strip5s1x8NEON},
		2: {strip5s2x1NEON, strip5s2x2NEON, strip5s2x4NEON, strip5s2x8NEON}},
	3: {1: {strip7s1x1NEON, strip7s1x2NEON, strip7s1x4NEON, strip7s1x8NEON},
		2: {strip7s2x1NEON, strip7s2x2NEON, strip7s2x4NEON, strip7s2x8NEON}},
}

// tapGradients has, likewise, what sums the gradient of a row of taps.
var tapGradients = [4][3]tapsFunc{
	1: {1: taps3s1NEON, 2: taps3s2NEON},
	2: {1: taps5s1NEON, 2: taps5s2NEON},
	3: {1: taps7s1NEON, 2: taps7s2NEON},
}

func (g Padded) convolveVector(y, x, w []float32, a area, sums, squares []float32, _ bool,
	ahead *Ahead) {
	for i := range a.rows {
		g.convolveRow(y[i*g.OW*g.C:], x, w, a.oy+i, a.from, a.to, sums, squares, ahead)
	}
}

func (g Padded) convolveRow(y, x, w []float32, oy, from, to int, sums, squares []float32,
	ahead *Ahead) {
	var sum, square *float32
	if sums != nil {
		sum, square = &sums[0], &squares[0]
	}
	// Every row of taps of 8 channels fetches so many that a strip fetches 5 or a little more.
	lines := (5 + g.Kernel - 1) / g.Kernel * g.Kernel * (g.C / 8)
	for ox := from; ox < to; {
		size := 3
		for ox+1<<size > to {
			size--
		}
		in := (oy*g.Stride*g.PW() + ox*g.Stride) * g.C
		at, step := ahead.take(lines)
		strips[g.Kernel/2][g.Stride][size](&y[(ox-from)*g.C], &x[in], &w[0], 4*g.PW()*g.C, 4*g.C,
			g.C, sum, square, at, step)
		ox += 1 << size
	}
}

func (g Padded) weightVector(dw, x, dz []float32, row, pixel int, ahead *Ahead) {
	channels := 8 // for which a line is fetched with every four pixels
	if g.Kernel == 3 {
		channels = 16
	}
	lines := g.C / channels * g.OH * (g.OW / 4)
	for ky := range g.Kernel {
		at, step := ahead.take(lines)
		tapGradients[g.Kernel/2][g.Stride](&dw[ky*g.Kernel*g.C], &x[ky*g.PW()*g.C], &dz[0],
			4*g.Stride*g.PW()*g.C, 4*g.C, 4*row, 4*pixel, g.OH, g.OW, g.C, at, step)
	}
}
