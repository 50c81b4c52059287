package kernel

// Padded is the geometry of a depthwise convolution over an image (Window) whose padding stands
// around it in memory: (Top+H+Bottom, Left+W+Right, C).
type Padded struct {
	Window
	C int
}

// ph and PW are the sides with padding.
func (g Padded) ph() int { return g.Top + g.H + g.Bottom }
func (g Padded) PW() int { return g.Left + g.W + g.Right }

// Len is the size of the padded image.
func (g Padded) Len() int { return g.ph() * g.PW() * g.C }

// Row is where image row y is in a padded image.
func (g Padded) Row(x []float32, y int) []float32 {
	return x[((y+g.Top)*g.PW()+g.Left)*g.C:][:g.W*g.C]
}

// Convolve is [Depthwise] of a padded image with a compact kernel w, (Kernel,Kernel,C).
func (g Padded) Convolve(y, x, w []float32, ahead *Ahead) {
	g.ConvolveRows(y, x, w, 0, g.OH, Output{}, ahead)
}

// InputRows is the image rows that output rows from to to are made of.
func (g Padded) InputRows(from, to int) (first, end int) {
	return max(0, from*g.Stride-g.Top), min(g.H, (to-1)*g.Stride+g.Kernel-g.Top)
}

// ConvolveRows is [Padded.Convolve] for output rows from to to, which y begins with. Of x it reads
// the rows around [Padded.InputRows].
func (g Padded) ConvolveRows(y, x, w []float32, from, to int, out Output, ahead *Ahead) {
	checkRows((to-from)*g.OW, g.C, y)
	checkRows(g.ph()*g.PW(), g.C, x)
	checkRows(g.Kernel*g.Kernel, g.C, w)
	stream := out.Stream && streams(y, g.C)
	for oy := from; oy < to; {
		// Some whole rows, or, where there is no room for the sums of one, parts of it.
		a := area{oy: oy, rows: max(1, min(to-oy, out.Sums.room(g.OW)/g.OW))}
		for a.from < g.OW {
			pixels, sum, square := out.Sums.block(a.rows * (g.OW - a.from))
			a.to = a.from + pixels/a.rows
			part := y[((oy-from)*g.OW+a.from)*g.C:]
			if g.vectorised() {
				g.convolveVector(part, x, w, a, sum, square, stream, ahead)
			} else {
				g.convolveGo(part, x, w, a)
				addMoments(part, pixels, g.C, sum, square)
			}
			a.from = a.to
		}
		oy += a.rows
	}
}

// area is output pixels that are computed at a time: some whole rows from row oy on, or pixels from
// to to of one.
type area struct{ oy, rows, from, to int }

// vectorised says whether there are kernels for the geometry.
func (g Padded) vectorised() bool {
	return active != Portable && g.Kernel >= 3 && g.Kernel <= 7 && g.Stride <= 2
}

func (g Padded) convolveGo(y, x, w []float32, a area) {
	var run products
	for oy := a.oy; oy < a.oy+a.rows; oy++ {
		for ox := a.from; ox < a.to; ox++ {
			out := y[((oy-a.oy)*g.OW+ox-a.from)*g.C:][:g.C]
			clear(out)
			run.begin(out, x, w)
			for ky := range g.Kernel {
				row := ((oy*g.Stride+ky)*g.PW() + ox*g.Stride) * g.C
				for kx := range g.Kernel {
					run.add(row+kx*g.C, (ky*g.Kernel+kx)*g.C)
				}
			}
			run.flush()
		}
	}
}

// WeightGradient adds to dw, (Kernel,Kernel,C), the weight gradient over a padded image x. The
// output gradient dz has its rows and pixels the given distances apart, such as [Padded.Spread]
// puts them.
func (g Padded) WeightGradient(dw, x, dz []float32, row, pixel int, ahead *Ahead) {
	_ = dz[(g.OH-1)*row+(g.OW-1)*pixel+g.C-1]
	checkRows(g.ph()*g.PW(), g.C, x)
	checkRows(g.Kernel*g.Kernel, g.C, dw)
	if g.vectorised() {
		g.weightVector(dw, x, dz, row, pixel, ahead)
		return
	}
	var run products
	for ky := range g.Kernel {
		for kx := range g.Kernel {
			run.begin(dw[(ky*g.Kernel+kx)*g.C:][:g.C], x, dz)
			for oy := range g.OH {
				for ox := range g.OW {
					run.add(((oy*g.Stride+ky)*g.PW()+ox*g.Stride+kx)*g.C, oy*row+ox*pixel)
				}
			}
			run.flush()
		}
	}
}

// InputGeometry is the convolution that gives the input gradient: of the output gradient, spread
// out by [Padded.Spread], with the kernel that [Flip] makes.
func (g Padded) InputGeometry() Padded {
	last := g.Kernel - 1
	pads := Pads{last - g.Top, g.Top, last - g.Left, g.Left}
	return Padded{NewPaddedWindow(g.H, g.W, g.Kernel, 1, pads), g.C}
}

// Spread says how the output gradient lies in the padded image that [Padded.InputGeometry]
// convolves: pixels Stride apart, from offset on, zeros between them.
func (g Padded) Spread() (offset, row, pixel int) {
	in := g.InputGeometry()
	return (in.Top*in.PW() + in.Left) * g.C, g.Stride * in.PW() * g.C, g.Stride * g.C
}

// Flip turns a compact kernel (k,k,c) around in both directions.
func Flip(dst, w []float32, k, c int) {
	for t := range k * k {
		copy(dst[(k*k-1-t)*c:][:c], w[t*c:][:c])
	}
}
