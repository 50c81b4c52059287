package kernel

// Taps is a depthwise weight, or a view into the middle of a larger one: tap (ky,kx) of all
// channels begins at Data[ky*Row+kx*Col].
type Taps struct {
	Data     []float32
	Row, Col int
}

// Depthwise convolves each channel of image x (H,W,C) with its own kernel, for output rows y0 to
// y1:
//
//	y[oy,ox,c] = Σ x[oy*s+ky-Top, ox*s+kx-Left, c] * w[ky,kx,c]
func Depthwise(y, x []float32, w Taps, g Window, c, y0, y1 int) {
	var run products
	for oy := y0; oy < y1; oy++ {
		ky0, ky1 := g.taps(oy, g.H, g.Top)
		for ox := range g.OW {
			kx0, kx1 := g.taps(ox, g.W, g.Left)
			out := y[(oy*g.OW+ox)*c:][:c]
			clear(out)
			run.begin(out, x, w.Data)
			for ky := ky0; ky < ky1; ky++ {
				row := (oy*g.Stride + ky - g.Top) * g.W
				for kx := kx0; kx < kx1; kx++ {
					run.add((row+ox*g.Stride+kx-g.Left)*c, ky*w.Row+kx*w.Col)
				}
			}
			run.flush()
		}
	}
}

// DepthwiseInput is the input gradient of [Depthwise], for input rows y0 to y1: dx is overwritten.
func DepthwiseInput(dx, dy []float32, w Taps, g Window, c, y0, y1 int) {
	var run products
	for iy := y0; iy < y1; iy++ {
		for ix := range g.W {
			out := dx[(iy*g.W+ix)*c:][:c]
			clear(out)
			run.begin(out, dy, w.Data)
			for ky := range g.Kernel {
				oy, ok := g.source(iy+g.Top-ky, g.OH)
				if !ok {
					continue
				}
				for kx := range g.Kernel {
					if ox, ok := g.source(ix+g.Left-kx, g.OW); ok {
						run.add((oy*g.OW+ox)*c, ky*w.Row+kx*w.Col)
					}
				}
			}
			run.flush()
		}
	}
}

// source is the output position, of size many, whose window begins o values after the first zero,
// if there is one.
func (g Window) source(o, size int) (int, bool) {
	if o < 0 || o%g.Stride != 0 {
		return 0, false
	}
	o /= g.Stride
	return o, o < size
}

// DepthwiseWeight adds the weight gradient of [Depthwise] over one image to dw.
func DepthwiseWeight(dw Taps, x, dy []float32, g Window, c int) {
	var run products
	for ky := range g.Kernel {
		for kx := range g.Kernel {
			run.begin(dw.Data[ky*dw.Row+kx*dw.Col:][:c], x, dy)
			for oy := range g.OH {
				iy := oy*g.Stride + ky - g.Top
				if iy < 0 || iy >= g.H {
					continue
				}
				for ox := range g.OW {
					if ix := ox*g.Stride + kx - g.Left; ix >= 0 && ix < g.W {
						run.add((iy*g.W+ix)*c, (oy*g.OW+ox)*c)
					}
				}
			}
			run.flush()
		}
	}
}

// products sums elementwise products of slices of a and b into out, four at a time so that out
// stays in registers longer.
type products struct {
	out, a, b []float32
	ia, ib    [4]int
	n         int
}

func (p *products) begin(out, a, b []float32) { p.out, p.a, p.b, p.n = out, a, b, 0 }

func (p *products) add(ia, ib int) {
	p.ia[p.n&3], p.ib[p.n&3] = ia, ib
	if p.n++; p.n == 4 {
		p.n = 0
		a, b := p.a, p.b
		mulAdd4(p.out, a[p.ia[0]:], b[p.ib[0]:], a[p.ia[1]:], b[p.ib[1]:], a[p.ia[2]:], b[p.ib[2]:],
			a[p.ia[3]:], b[p.ib[3]:])
	}
}

func (p *products) flush() {
	for t := range p.n {
		mulAdd(p.out, p.a[p.ia[t]:], p.b[p.ib[t]:])
	}
	p.n = 0
}
