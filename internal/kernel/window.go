package kernel

// Window is the geometry of a square convolution over one image, padded with Kernel/2 zeros on every side.
type Window struct {
	H, W           int // input
	OH, OW         int // output
	Kernel, Stride int
}

// NewWindow computes the output size.
func NewWindow(h, w, kernel, stride int) Window {
	return Window{H: h, W: w, OH: (h-1)/stride + 1, OW: (w-1)/stride + 1, Kernel: kernel, Stride: stride}
}

// taps is the range of kernel offsets that fall inside an axis of the given size at output position o.
func (g Window) taps(o, size int) (lo, hi int) {
	first := o*g.Stride - g.Kernel/2
	return max(0, -first), min(g.Kernel, size-first)
}

// Im2Col writes the patches under output row oy of image x (H,W,C) as rows of (OW, Kernel*Kernel*C), so that a dense
// convolution is a [Gemm] with its weight as (Kernel*Kernel*C, out).
func Im2Col(dst, x []float32, g Window, c, oy int) {
	pad, line := g.Kernel/2, g.Kernel*c
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
	pad, width := g.Kernel/2, g.Kernel*g.Kernel*c
	for ox := range g.OW {
		patch := src[ox*width:][:width]
		for ky := range g.Kernel {
			for kx := range g.Kernel {
				iy, ix := oy*g.Stride+ky-pad, ox*g.Stride+kx-pad
				if iy < 0 || iy >= g.H || ix < 0 || ix >= g.W {
					continue
				}
				Add(x[(iy*g.W+ix)*c:][:c], patch[(ky*g.Kernel+kx)*c:][:c])
			}
		}
	}
}
