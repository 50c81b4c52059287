package kernel

// MaxPool writes the largest value of every window of image x (H,W,C), by channel, to y (OH,OW,C), and to at which of the
// window's values it is, counted by rows: the first of those that are equal, as in PyTorch. A NaN is larger than anything. at
// may be nil. The window is a valid one of at most 256 values.
func MaxPool(y []float32, at []uint8, x []float32, g Window, c int) {
	checkRows(g.OH*g.OW, c, y)
	checkRows(g.H*g.W, c, x)
	for oy := range g.OH {
		for ox := range g.OW {
			o := (oy*g.OW + ox) * c
			out, corner := y[o:][:c], x[(oy*g.W+ox)*g.Stride*c:]
			copy(out, corner)
			if at == nil {
				for t := 1; t < g.Kernel*g.Kernel; t++ {
					larger(out, corner[g.tap(t)*c:])
				}
				continue
			}
			first := at[o:][:c]
			clear(first)
			for t := 1; t < g.Kernel*g.Kernel; t++ {
				largerAt(out, first, corner[g.tap(t)*c:], uint8(t))
			}
		}
	}
}

// tap is the distance in pixels of a window's t-th value from its first.
func (g Window) tap(t int) int { return t/g.Kernel*g.W + t%g.Kernel }

// larger is y[j] = max(y[j], x[j]).
func larger(y, x []float32) {
	x = x[:len(y)]
	for j, v := range x {
		y[j] = max(y[j], v)
	}
}

// largerAt is [larger], which also writes t where x is larger.
func largerAt(y []float32, at []uint8, x []float32, t uint8) {
	x, at = x[:len(y)], at[:len(y)]
	for j, v := range x {
		u, a := y[j], at[j]
		if v > u {
			a = t
		}
		at[j] = a
		y[j] = max(u, v)
	}
}

// MaxPoolInput is the input gradient of [MaxPool]: it writes dx (H,W,C), with each value of dy (OH,OW,C) added where at says
// that it came from.
func MaxPoolInput(dx, dy []float32, at []uint8, g Window, c int) {
	dx = dx[:g.H*g.W*c]
	clear(dx)
	var taps [256]int
	for t := range g.Kernel * g.Kernel {
		taps[t] = g.tap(t) * c
	}
	for oy := range g.OH {
		for ox := range g.OW {
			o, corner := (oy*g.OW+ox)*c, dx[(oy*g.W+ox)*g.Stride*c:]
			first := at[o:][:c]
			for j, d := range dy[o:][:c] {
				corner[taps[first[j]]+j] += d
			}
		}
	}
}
