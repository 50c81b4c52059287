package kernel_test

import (
	"fmt"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// convolve is the forward pass over a whole image.
func convolve(y, x []float32, w kernel.Taps, g kernel.Window, c int) {
	kernel.Depthwise(y, x, w, g, c, 0, g.OH)
}

// depthwiseCase is one shape with all its operands. There is room between taps, as in the middle of
// a larger kernel at fewer channels.
type depthwiseCase struct {
	g            kernel.Window
	c            int
	x, dx, y, dy *guarded // images as (pixels,c)
	w, dw        taps
}

// taps is a weight between sentinels.
type taps struct {
	mem *guarded
	kernel.Taps
}

func newTaps(size, c, gap int) taps {
	col := c + gap
	row := size*col + 2*gap
	n := (size-1)*(row+col) + c
	m := newGuarded(1, n, n)
	return taps{m, kernel.Taps{Data: m.data, Row: row, Col: col}}
}

func newDepthwiseCase(h, w, size, stride, c, gap int, seed uint64) *depthwiseCase {
	return newPaddedCase(kernel.NewWindow(h, w, size, stride), c, gap, seed)
}

func newPaddedCase(g kernel.Window, c, gap int, seed uint64) *depthwiseCase {
	h, w, size := g.H, g.W, g.Kernel
	r := newRand(seed)
	d := &depthwiseCase{
		g: g, c: c,
		x: newGuarded(h*w, c, c).random(r), dx: newGuarded(h*w, c, c),
		y: newGuarded(g.OH*g.OW, c, c), dy: newGuarded(g.OH*g.OW, c, c).random(r),
		w: newTaps(size, c, gap), dw: newTaps(size, c, gap),
	}
	d.eachWeight(func(_, at int) {
		d.w.Data[at], d.dw.Data[at] = float32(r.NormFloat64()), float32(r.NormFloat64())
	})
	return d
}

// eachWeight gives the place of every weight in (tap,channel) order and in memory.
func (d *depthwiseCase) eachWeight(f func(i, at int)) {
	for tap := range d.g.Kernel * d.g.Kernel {
		for j := range d.c {
			f(tap*d.c+j, tap/d.g.Kernel*d.w.Row+tap%d.g.Kernel*d.w.Col+j)
		}
	}
}

func (d *depthwiseCase) weight(tap, j int) float64 {
	return float64(d.w.Data[tap/d.g.Kernel*d.w.Row+tap%d.g.Kernel*d.w.Col+j])
}

// eachPair runs f over all pairs of output and input pixel that a tap connects.
func (d *depthwiseCase) eachPair(f func(out, in, tap int)) {
	for oy := range d.g.OH {
		for ox := range d.g.OW {
			for ky := range d.g.Kernel {
				for kx := range d.g.Kernel {
					iy, ix := oy*d.g.Stride+ky-d.g.Top, ox*d.g.Stride+kx-d.g.Left
					if iy >= 0 && iy < d.g.H && ix >= 0 && ix < d.g.W {
						f(oy*d.g.OW+ox, iy*d.g.W+ix, ky*d.g.Kernel+kx)
					}
				}
			}
		}
	}
}

// check compares the three passes with their formulas, in float64.
func (d *depthwiseCase) check(t *testing.T) {
	t.Helper()
	y, dx, dw := make([]sum, len(d.y.data)), make([]sum, len(d.dx.data)),
		make([]sum, d.g.Kernel*d.g.Kernel*d.c)
	// the weight gradient accumulates
	d.eachWeight(func(i, at int) { dw[i].add(float64(d.dw.Data[at])) })
	for j := range d.c {
		d.eachPair(func(out, in, tap int) {
			y[out*d.c+j].add(d.x.at(in, j) * d.weight(tap, j))
			dx[in*d.c+j].add(d.dy.at(out, j) * d.weight(tap, j))
			dw[tap*d.c+j].add(d.dy.at(out, j) * d.x.at(in, j))
		})
	}
	x0, dy0, w0 := d.x.clone(), d.dy.clone(), d.w.mem.clone()
	convolve(d.y.data, d.x.data, d.w.Taps, d.g, d.c)
	kernel.DepthwiseInput(d.dx.data, d.dy.data, d.w.Taps, d.g, d.c, 0, d.g.H)
	kernel.DepthwiseWeight(d.dw.Taps, d.x.data, d.dy.data, d.g, d.c)
	for i := range y {
		y[i].check(t, d.y.data[i], "%+v c=%d: y[%d]", d.g, d.c, i)
	}
	for i := range dx {
		dx[i].check(t, d.dx.data[i], "%+v c=%d: dx[%d]", d.g, d.c, i)
	}
	d.checkWeightGrad(t, dw)
	d.y.intact(t, "y")
	d.dx.intact(t, "dx")
	d.x.unchanged(t, "x", x0)
	d.dy.unchanged(t, "dy", dy0)
	d.w.mem.unchanged(t, "w", w0)
}

func (d *depthwiseCase) checkWeightGrad(t *testing.T, want []sum) {
	t.Helper()
	rest := d.dw.mem.clone()
	d.eachWeight(func(i, at int) {
		want[i].check(t, d.dw.Data[at], "%+v c=%d: dw[%d]", d.g, d.c, i)
		rest.data[at] = sentinel
	})
	for _, v := range rest.buf {
		if !isSentinel(v) {
			t.Fatalf("%+v c=%d: the weight gradient wrote %g between taps", d.g, d.c, v)
		}
	}
}

func TestDepthwise(t *testing.T) {
	images := [][2]int{{1, 1}, {1, 5}, {2, 3}, {5, 4}, {7, 7}}
	for _, hw := range images {
		for _, size := range []int{1, 3, 5, 7} {
			for stride := 1; stride <= 2; stride++ {
				t.Run(fmt.Sprintf("%dx%d kernel %d stride %d", hw[0], hw[1], size, stride),
					func(t *testing.T) {
						for i, c := range channels {
							newDepthwiseCase(hw[0], hw[1], size, stride, c, i%3, uint64(i)).check(t)
						}
					})
			}
		}
	}
}

// TestDepthwisePads: zeros may differ from side to side.
func TestDepthwisePads(t *testing.T) {
	for i, pads := range unevenPads(5) {
		for stride := 1; stride <= 2; stride++ {
			newPaddedCase(kernel.NewPaddedWindow(7, 6, 5, stride, pads), 3+i, i%3,
				uint64(i)).check(t)
		}
	}
}

// unevenPads are paddings of a kernel that are not the same on all sides, TensorFlow's among them.
func unevenPads(k int) []kernel.Pads {
	return []kernel.Pads{
		{Top: k/2 - 1, Bottom: k / 2, Left: k/2 - 1, Right: k / 2}, {Top: k - 1},
		{Bottom: k - 1, Right: 1},
		{Top: k - 1, Bottom: k - 1, Left: k - 1, Right: k - 1}, {Left: 1}, {},
	}
}

// TestDepthwiseAdjoints: <dy,D(x,w)> = <Dx(dy,w),x> = <Dw(x,dy),w>.
func TestDepthwiseAdjoints(t *testing.T) {
	for _, shape := range [][5]int{{8, 9, 3, 1, 17}, {9, 8, 5, 2, 6}, {3, 3, 7, 1, 5},
		{1, 1, 7, 2, 3}} {
		d := newDepthwiseCase(shape[0], shape[1], shape[2], shape[3], shape[4], 1, 7)
		var weight float64
		d.eachWeight(func(_, at int) { d.dw.Data[at] = 0 })
		d.check(t)
		d.eachWeight(func(_, at int) { weight += float64(d.dw.Data[at]) * float64(d.w.Data[at]) })
		product, terms := inner(d.dy, d.y), d.g.OH*d.g.OW*d.g.Kernel*d.g.Kernel*d.c
		same(t, fmt.Sprint(shape, " input"), product, inner(d.dx, d.x), terms)
		same(t, fmt.Sprint(shape, " weight"), product, weight, terms)
	}
}

// TestDepthwiseRows: any range of rows writes exactly these rows, with the bits of the whole image.
func TestDepthwiseRows(t *testing.T) {
	for stride := 1; stride <= 2; stride++ {
		whole := newDepthwiseCase(9, 7, 5, stride, 6, 0, 3)
		whole.check(t)
		for y0 := range whole.g.OH {
			part := newGuarded(whole.y.rows, whole.c, whole.c)
			kernel.Depthwise(part.data, whole.x.data, whole.w.Taps, whole.g, whole.c, y0, y0+1)
			checkRow(t, "y", part, whole.y, y0, whole.g.OW)
		}
		for y0 := range whole.g.H {
			part := newGuarded(whole.x.rows, whole.c, whole.c)
			kernel.DepthwiseInput(part.data, whole.dy.data, whole.w.Taps, whole.g, whole.c, y0,
				y0+1)
			checkRow(t, "dx", part, whole.dx, y0, whole.g.W)
		}
	}
}

func checkRow(t *testing.T, name string, part, whole *guarded, row, width int) {
	t.Helper()
	for p := range part.rows {
		for j := range part.cols {
			got, want := part.data[p*part.ld+j], whole.data[p*whole.ld+j]
			if p/width != row && !isSentinel(got) {
				t.Fatalf("%s row %d: wrote to row %d", name, row, p/width)
			}
			if p/width == row && got != want {
				t.Fatalf("%s row %d: got %g, the whole image has %g", name, row, got, want)
			}
		}
	}
}

// FuzzDepthwise checks the three passes against their formulas at any small shape.
func FuzzDepthwise(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(3), uint8(1), uint8(0), uint64(1))
	f.Add(uint8(6), uint8(4), uint8(2), uint8(0), uint8(7), uint64(2))
	f.Add(uint8(1), uint8(12), uint8(5), uint8(1), uint8(16), uint64(3))
	f.Fuzz(func(t *testing.T, h, w, half, stride, c uint8, seed uint64) {
		size := 2*(int(half)%6) + 1
		newDepthwiseCase(int(h)%13+1, int(w)%13+1, size, int(stride)%2+1, int(c)%20+1, int(seed%4),
			seed).check(t)
	})
}
