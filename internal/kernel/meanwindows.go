package kernel

// MeanWindows writes the mean of every window of image x (H,W,C), by channel, to y (OH,OW,C). What
// is outside of the image does not count: a window that reaches over its edge has fewer pixels.
func MeanWindows(y, x []float32, g Window, c int) {
	clear(y[:g.OH*g.OW*c])
	g.eachPixel(func(out, in int, share float32) {
		to, from := y[out*c:][:c], x[in*c:][:c]
		for j, v := range from {
			to[j] += v * share
		}
	})
}

// MeanWindowsInput is the input gradient of [MeanWindows]: it writes dx (H,W,C).
func MeanWindowsInput(dx, dy []float32, g Window, c int) {
	clear(dx[:g.H*g.W*c])
	g.eachPixel(func(out, in int, share float32) {
		to, from := dx[in*c:][:c], dy[out*c:][:c]
		for j, v := range from {
			to[j] += v * share
		}
	})
}

// eachPixel calls f with every pixel of the image in every window, and its share of that window.
func (g Window) eachPixel(f func(out, in int, share float32)) {
	for o := range g.OH * g.OW {
		oy, ox := o/g.OW, o%g.OW
		fromY, toY := g.taps(oy, g.H, g.Top)
		fromX, toX := g.taps(ox, g.W, g.Left)
		share := 1 / float32((toY-fromY)*(toX-fromX))
		for ky := fromY; ky < toY; ky++ {
			for kx := fromX; kx < toX; kx++ {
				f(o, (oy*g.Stride+ky-g.Top)*g.W+ox*g.Stride+kx-g.Left, share)
			}
		}
	}
}
