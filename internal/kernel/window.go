package kernel

// Pads are the rows and columns of zeros around an image.
type Pads struct{ Top, Bottom, Left, Right int }

// EvenPads are Kernel/2 zeros on every side.
func EvenPads(kernel int) Pads {
	p := kernel / 2
	return Pads{p, p, p, p}
}

// Window is the geometry of a square window that slides over one image: of a convolution or of max
// pooling.
type Window struct {
	H, W           int // input, without the zeros
	OH, OW         int // output
	Kernel, Stride int
	Pads
}

// NewWindow computes the output size of a window with [EvenPads].
func NewWindow(h, w, kernel, stride int) Window {
	return NewPaddedWindow(h, w, kernel, stride, EvenPads(kernel))
}

// NewValidWindow computes the output size of a window without padding.
func NewValidWindow(h, w, kernel, stride int) Window {
	return NewPaddedWindow(h, w, kernel, stride, Pads{})
}

// NewPaddedWindow computes the output size of a window with any padding. On each side there are
// fewer zeros than the kernel is wide, and the image with its zeros is at least as large as the
// window; what is left at its right and lower edge after the last whole step is not looked at.
func NewPaddedWindow(h, w, kernel, stride int, pads Pads) Window {
	return Window{
		H: h, W: w, Kernel: kernel, Stride: stride, Pads: pads,
		OH: (h+pads.Top+pads.Bottom-kernel)/stride + 1,
		OW: (w+pads.Left+pads.Right-kernel)/stride + 1,
	}
}

// taps is the range of kernel offsets that fall inside an axis of the given size, with so many
// zeros before it, at output position o.
func (g Window) taps(o, size, pad int) (lo, hi int) {
	first := o*g.Stride - pad
	return max(0, -first), min(g.Kernel, size-first)
}

// Im2Col writes the patches under output row oy of image x (H,W,C) as rows of (OW,
// Kernel*Kernel*C), so that a dense convolution is a [Gemm] with its weight as (Kernel*Kernel*C,
// out).
func Im2Col(dst, x []float32, g Window, c, oy int) {
	line, step, patch := g.Kernel*c, g.Stride*c, g.Kernel*g.Kernel*c
	first, end := g.inner()
	for ky := range g.Kernel {
		iy := oy*g.Stride + ky - g.Top
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
			copyLine(dst[ox*patch+ky*line:][:line], source[ox*step-g.Left*c:])
		}
		for ox := end; ox < g.OW; ox++ {
			g.edge(dst[ox*patch+ky*line:][:line], source, c, ox)
		}
	}
}

// inner is the range of output columns whose window does not reach over the left or right edge of
// the image.
func (g Window) inner() (first, end int) {
	first = min((g.Left+g.Stride-1)/g.Stride, g.OW)
	if left := g.W + g.Left - g.Kernel; left >= 0 {
		end = min(left/g.Stride+1, g.OW)
	}
	return first, max(first, end)
}

// edge is a line of a patch that begins or ends outside the image.
func (g Window) edge(row, source []float32, c, ox int) {
	lo, hi := g.taps(ox, g.W, g.Left)
	clear(row[:lo*c])
	n := copy(row[lo*c:hi*c], source[(ox*g.Stride+lo-g.Left)*c:])
	clear(row[lo*c+n:])
}

// copyLine is copy(dst, src) for lines that may be very short, as those of a patch of one channel
// are.
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
	line := g.Kernel * c
	for ox := range g.OW {
		patch := src[ox*g.Kernel*line:][:g.Kernel*line]
		lo, hi := g.taps(ox, g.W, g.Left)
		from := ox*g.Stride + lo - g.Left
		for ky := range g.Kernel {
			iy := oy*g.Stride + ky - g.Top
			if iy < 0 || iy >= g.H {
				continue
			}
			Add(x[(iy*g.W+from)*c:][:(hi-lo)*c], patch[ky*line+lo*c:])
		}
	}
}
