package kernel

// Window is the geometry of a square window that slides over one image: of a convolution or of max pooling. It is padded with
// Kernel/2 zeros on every side, or, if Valid is set, with none.
type Window struct {
	H, W           int // input
	OH, OW         int // output
	Kernel, Stride int
	Valid          bool // the window stays inside the image
}

// NewWindow computes the output size of a window with padding.
func NewWindow(h, w, kernel, stride int) Window {
	return Window{H: h, W: w, OH: (h-1)/stride + 1, OW: (w-1)/stride + 1, Kernel: kernel, Stride: stride}
}

// NewValidWindow computes the output size of a window without padding. The image is at least as large as the window; what is
// left at its right and lower edge after the last whole step is not looked at.
func NewValidWindow(h, w, kernel, stride int) Window {
	return Window{H: h, W: w, OH: (h-kernel)/stride + 1, OW: (w-kernel)/stride + 1, Kernel: kernel, Stride: stride, Valid: true}
}

// pad is the number of zeros on every side.
func (g Window) pad() int {
	if g.Valid {
		return 0
	}
	return g.Kernel / 2
}

// taps is the range of kernel offsets that fall inside an axis of the given size at output position o.
func (g Window) taps(o, size int) (lo, hi int) {
	first := o*g.Stride - g.pad()
	return max(0, -first), min(g.Kernel, size-first)
}

// Im2Col writes the patches under output row oy of image x (H,W,C) as rows of (OW, Kernel*Kernel*C), so that a dense
// convolution is a [Gemm] with its weight as (Kernel*Kernel*C, out).
func Im2Col(dst, x []float32, g Window, c, oy int) {
	pad, line, step, patch := g.pad(), g.Kernel*c, g.Stride*c, g.Kernel*g.Kernel*c
	first, end := g.inner()
	for ky := range g.Kernel {
		iy := oy*g.Stride + ky - pad
		if iy < 0 || iy >= g.H {
			for ox := range g.OW {
				clear(dst[ox*patch+ky*line:][:line])
			}
			continue
		}
		source := x[iy*g.W*c:][:g.W*c]
		for ox := range first {
			g.edge(dst[ox*patch+ky*line:][:line], source, c, ox)
		}
		for ox := first; ox < end; ox++ {
			copyLine(dst[ox*patch+ky*line:][:line], source[ox*step-pad*c:])
		}
		for ox := end; ox < g.OW; ox++ {
			g.edge(dst[ox*patch+ky*line:][:line], source, c, ox)
		}
	}
}

// inner is the range of output columns whose window does not reach over the left or right edge of the image.
func (g Window) inner() (first, end int) {
	first = min((g.pad()+g.Stride-1)/g.Stride, g.OW)
	if left := g.W + g.pad() - g.Kernel; left >= 0 {
		end = min(left/g.Stride+1, g.OW)
	}
	return first, max(first, end)
}

// edge is a line of a patch that begins or ends outside the image.
func (g Window) edge(row, source []float32, c, ox int) {
	lo, hi := g.taps(ox, g.W)
	clear(row[:lo*c])
	n := copy(row[lo*c:hi*c], source[(ox*g.Stride+lo-g.pad())*c:])
	clear(row[lo*c+n:])
}

// copyLine is copy(dst, src) for lines that may be very short, as those of a patch of one channel are.
func copyLine(dst, src []float32) {
	if len(dst) > 8 {
		copy(dst, src)
		return
	}
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = src[i]
	}
}

// Col2Im adds the patches of output row oy back to where [Im2Col] took them from: its adjoint.
func Col2Im(x, src []float32, g Window, c, oy int) {
	pad, line := g.pad(), g.Kernel*c
	for ox := range g.OW {
		patch := src[ox*g.Kernel*line:][:g.Kernel*line]
		lo, hi := g.taps(ox, g.W)
		from := ox*g.Stride + lo - pad
		for ky := range g.Kernel {
			iy := oy*g.Stride + ky - pad
			if iy < 0 || iy >= g.H {
				continue
			}
			Add(x[(iy*g.W+from)*c:][:(hi-lo)*c], patch[ky*line+lo*c:])
		}
	}
}
