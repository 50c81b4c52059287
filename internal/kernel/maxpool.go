package kernel

// MaxPool writes the largest value of every window of image x (H,W,C), by channel, to y (OH,OW,C),
// and to at how many values behind the window's first value of that channel it lies: the first, by
// rows, of those that are equal, as in PyTorch. A NaN is larger than anything; which one it was is
// not said. The window is a valid one.
func MaxPool(y []float32, at []int32, x []float32, g Window, c int) {
	checkRows(g.OH*g.OW, c, y)
	checkRows(g.H*g.W, c, x)
	_ = at[g.OH*g.OW*c-1]
	p := pooling{pixels: g.OW, c: c, step: g.Stride * c}
	for oy := range g.OH {
		row, places, from := y[oy*g.OW*c:][:g.OW*c], at[oy*g.OW*c:][:g.OW*c], x[oy*g.Stride*g.W*c:]
		for ox := range g.OW {
			copy(row[ox*c:][:c], from[ox*p.step:])
		}
		clear(places)
		for t := 1; t < g.Kernel*g.Kernel; t++ {
			place := (t/g.Kernel*g.W + t%g.Kernel) * c
			p.largest(row, places, from[place:], place)
		}
	}
}

// pooling is a row of output pixels of c channels, whose windows are step values apart.
type pooling struct{ pixels, c, step int }

// largest takes one value of every window in: y = max(y, x), and at = place where x is larger.
func (p pooling) largest(y []float32, at []int32, x []float32, place int) {
	_ = x[(p.pixels-1)*p.step+p.c-1]
	if p.largestVector(y, at, x, place) {
		return
	}
	for i := range p.pixels {
		from := x[i*p.step:][:p.c]
		to, places := y[i*p.c:][:p.c], at[i*p.c:][:p.c]
		for j, v := range from {
			if v > to[j] {
				places[j] = int32(place)
			}
			to[j] = max(to[j], v)
		}
	}
}

// MaxPoolInput is the input gradient of [MaxPool]: it writes dx (H,W,C), with each value of dy
// (OH,OW,C) added where at says that it came from.
func MaxPoolInput(dx, dy []float32, at []int32, g Window, c int) {
	clear(dx[:g.H*g.W*c])
	for oy := range g.OH {
		for ox := range g.OW {
			o, window := (oy*g.OW+ox)*c, dx[(oy*g.W+ox)*g.Stride*c:]
			places := at[o:][:c]
			for j, d := range dy[o:][:c] {
				window[int(places[j])+j] += d
			}
		}
	}
}
