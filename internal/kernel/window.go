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
	pad, line := g.pad(), g.Kernel*c
	for ox := range g.OW {
		patch := dst[ox*g.Kernel*line:][:g.Kernel*line]
		lo, hi := g.taps(ox, g.W)
		from := ox*g.Stride + lo - pad
		for ky := range g.Kernel {
			row := patch[ky*line:][:line]
			iy := oy*g.Stride + ky - pad
			if iy < 0 || iy >= g.H {
				clear(row)
				continue
			}
			clear(row[:lo*c])
			n := copy(row[lo*c:hi*c], x[(iy*g.W+from)*c:])
			clear(row[lo*c+n:])
		}
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
