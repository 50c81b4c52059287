//go:build !noasm

package kernel

type stripsFunc func(y, x, w *float32, xRow, pixel, vectors int, tail, stream bool, mask *int32,
	sum, square, ahead *float32, step, count int)
type tapRowsFunc func(dw, x, dz *float32, xRow, pixel, dzPixel, ow, vectors int, tail bool,
	mask *int32, ahead *float32, step int)

// strips2 has, by half kernel, stride, and log2 of the pixels, what convolves strips of output
// pixels with AVX2.
var strips2 = [4][3][4]stripsFunc{
	1: {1: {strips3s1x1AVX2, strips3s1x2AVX2, strips3s1x4AVX2, strips3s1x8AVX2},
		2: {strips3s2x1AVX2, strips3s2x2AVX2, strips3s2x4AVX2, strips3s2x8AVX2}},
	2: {1: {strips5s1x1AVX2, strips5s1x2AVX2, strips5s1x4AVX2, strips5s1x8AVX2},
		2: {strips5s2x1AVX2, strips5s2x2AVX2, strips5s2x4AVX2, strips5s2x8AVX2}},
	3: {1: {strips7s1x1AVX2, strips7s1x2AVX2, strips7s1x4AVX2, strips7s1x8AVX2},
		2: {strips7s2x1AVX2, strips7s2x2AVX2, strips7s2x4AVX2, strips7s2x8AVX2}},
}

// tapRows2 has, likewise, what a row of output gradients adds to the gradient of all taps.
var tapRows2 = [4][3]tapRowsFunc{
	1: {1: tapRows3s1AVX2, 2: tapRows3s2AVX2},
	2: {1: tapRows5s1AVX2, 2: tapRows5s2AVX2},
	3: {1: tapRows7s1AVX2, 2: tapRows7s2AVX2},
}

// blockVectors is how many vectors of channels are convolved at a time, over some rows: so few that
// their taps, and the rows of input that a row of output is made of, stay in the first level cache
// or are soon back there, and so many that memory is read and written in pieces of 256 bytes.
const blockVectors = 8

// blocks calls f for every block of channels, from channel j on: some whole vectors, and at the end
// perhaps a masked one.
func (g Padded) blocks(f func(j, vectors int, tail bool)) {
	for left, j := g.C/8, 0; j < g.C; {
		vectors := min(left, blockVectors)
		left -= vectors
		tail := left == 0 && g.C%8 > 0
		f(j, vectors, tail)
		j += 8 * vectors
		if tail {
			return
		}
	}
}

// stripLines2 is at least how many lines a strip fetches ahead with every vector of channels.
const stripLines2 = 5

func (g Padded) convolveBlocks(y, x, w []float32, a area, sums, squares []float32, stream bool,
	ahead *Ahead) {
	kernels, mask := &strips2[g.Kernel/2][g.Stride], &lanes[8-g.C%8]
	g.blocks(func(j, vectors int, tail bool) {
		lines := (stripLines2 + g.Kernel - 1) / g.Kernel * g.Kernel * (vectors + btoi(tail))
		var sum, square *float32
		if sums != nil {
			sum, square = &sums[j], &squares[j]
		}
		for i := range a.rows {
			in := ((a.oy+i)*g.PW() + a.from) * g.Stride
			for size, ox := 3, a.from; size >= 0; size-- {
				count := (a.to - ox) >> size
				if count == 0 {
					continue
				}
				at, step := ahead.take(lines * count)
				kernels[size](&y[(i*g.OW+ox-a.from)*g.C+j], &x[in*g.C+j], &w[j], 4*g.PW()*g.C,
					4*g.C, vectors, tail, stream, mask, sum, square, at, step, count)
				ox += count << size
				in += count << size * g.Stride
			}
		}
	})
}

// tapPixels2 is the number of output pixels for which a row of taps fetches a line.
func tapPixels2(kernel int) int {
	if kernel == 7 {
		return 8
	}
	return 4
}

func (g Padded) weightBlocks(dw, x, dz []float32, row, pixel int, ahead *Ahead) {
	kernel, mask := tapRows2[g.Kernel/2][g.Stride], &lanes[8-g.C%8]
	g.blocks(func(j, vectors int, tail bool) {
		lines := (vectors + btoi(tail)) * g.Kernel * (g.OW / tapPixels2(g.Kernel))
		for oy := range g.OH {
			at, step := ahead.take(lines)
			kernel(&dw[j], &x[oy*g.Stride*g.PW()*g.C+j], &dz[oy*row+j], 4*g.PW()*g.C, 4*g.C,
				4*pixel, g.OW, vectors, tail, mask, at, step)
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
