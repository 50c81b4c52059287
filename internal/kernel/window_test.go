package kernel_test

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// TestNewWindow counts output positions: centres at 0, stride, 2*stride... that lie in the image.
func TestNewWindow(t *testing.T) {
	for h := 1; h <= 9; h++ {
		for w := 1; w <= 9; w++ {
			for stride := 1; stride <= 2; stride++ {
				g := kernel.NewWindow(h, w, 3, stride)
				oh, ow := 0, 0
				for y := 0; y < h; y += stride {
					oh++
				}
				for x := 0; x < w; x += stride {
					ow++
				}
				if g.OH != oh || g.OW != ow {
					t.Errorf("%dx%d stride %d: output is %dx%d, want %dx%d", h, w, stride, g.OH,
						g.OW, oh, ow)
				}
			}
		}
	}
}

type windowCase struct {
	h, w, size, stride, c int
	valid                 bool
	pads                  kernel.Pads // if any is set
}

var none kernel.Pads

var windowCases = []windowCase{
	{1, 1, 1, 1, 1, false, none}, {1, 1, 7, 2, 3, false, none}, {2, 5, 3, 1, 4, false, none},
	{5, 2, 3, 2, 1, false, none}, {6, 7, 5, 2, 3, false, none},
	{3, 3, 7, 1, 2, false, none}, {8, 8, 3, 2, 9, false, none},
	{1, 1, 1, 1, 1, true, none}, {5, 5, 5, 1, 2, true, none}, {9, 7, 5, 1, 3, true, none},
	{8, 6, 3, 2, 4, true, none}, {4, 5, 2, 2, 1, true, none}, {7, 9, 1, 2, 2, true, none},
	{8, 6, 3, 2, 4, false, kernel.Pads{Bottom: 1, Right: 1}},
	{8, 7, 5, 2, 3, false, kernel.Pads{Top: 1, Bottom: 2, Left: 2, Right: 2}},
	{6, 5, 3, 1, 2, false, kernel.Pads{Top: 2, Right: 1}},
	{1, 2, 3, 1, 2, false, kernel.Pads{Top: 2, Bottom: 2, Left: 1}},
}

func (k windowCase) window() kernel.Window {
	if k.valid {
		return kernel.NewValidWindow(k.h, k.w, k.size, k.stride)
	}
	if k.pads != (kernel.Pads{}) {
		return kernel.NewPaddedWindow(k.h, k.w, k.size, k.stride, k.pads)
	}
	return kernel.NewWindow(k.h, k.w, k.size, k.stride)
}

// first is the zeros above and to the left.
func (k windowCase) first() (top, left int) {
	switch {
	case k.valid:
		return 0, 0
	case k.pads != (kernel.Pads{}):
		return k.pads.Top, k.pads.Left
	}
	return k.size / 2, k.size / 2
}

// TestNewPaddedWindow: TensorFlow's "same" padding of an even side by stride 2 is one short at the
// beginning, and any padding counts the positions at which the window lies in the padded image.
func TestNewPaddedWindow(t *testing.T) {
	g := kernel.NewPaddedWindow(8, 9, 3, 2, kernel.Pads{Bottom: 1, Left: 1, Right: 1})
	if g.OH != 4 || g.OW != 5 {
		t.Errorf("output is %dx%d, want 4x5", g.OH, g.OW)
	}
	for top := range 3 {
		for bottom := range 3 {
			for stride := 1; stride <= 2; stride++ {
				want := 0
				for y := -top; y+3 <= 5+bottom; y += stride {
					want++
				}
				g := kernel.NewPaddedWindow(5, 5, 3, stride, kernel.Pads{Top: top, Bottom: bottom})
				if g.OH != want {
					t.Errorf("%d and %d zeros, stride %d: %d rows, want %d", top, bottom, stride,
						g.OH, want)
				}
			}
		}
	}
}

// TestNewValidWindow counts the positions at which the whole window lies in the image.
func TestNewValidWindow(t *testing.T) {
	for side := 3; side <= 9; side++ {
		for stride := 1; stride <= 3; stride++ {
			want := 0
			for y := 0; y+3 <= side; y += stride {
				want++
			}
			if g := kernel.NewValidWindow(side, side+1, 3, stride); g.OH != want ||
				g.OW != (side+1-3)/stride+1 {
				t.Errorf("%dx%d stride %d: output is %dx%d, want height %d", side, side+1, stride,
					g.OH, g.OW, want)
			}
		}
	}
}

func TestIm2Col(t *testing.T) {
	for _, k := range windowCases {
		g := k.window()
		x := newGuarded(k.h*k.w, k.c, k.c).random(newRand(1))
		x0 := x.clone()
		top, left := k.first()
		for oy := range g.OH {
			columns := newGuarded(g.OW, k.size*k.size*k.c, k.size*k.size*k.c)
			kernel.Im2Col(columns.data, x.data, g, k.c, oy)
			columns.intact(t, "columns")
			for ox := range g.OW {
				for j := range columns.cols {
					ky, kx, channel := j/(k.size*k.c), j/k.c%k.size, j%k.c
					iy, ix := oy*k.stride+ky-top, ox*k.stride+kx-left
					want := 0.0
					if iy >= 0 && iy < k.h && ix >= 0 && ix < k.w {
						want = x.at(iy*k.w+ix, channel)
					}
					if got := columns.at(ox, j); got != want {
						t.Fatalf("%+v: patch (%d,%d) value %d is %g, want %g", k, oy, ox, j, got,
							want)
					}
				}
			}
		}
		x.unchanged(t, "x", x0)
	}
}

// TestCol2Im: <columns, Im2Col(x)> = <Col2Im(columns), x>, on top of what x already held.
func TestCol2Im(t *testing.T) {
	for _, k := range windowCases {
		r := newRand(2)
		g, width := k.window(), k.size*k.size*k.c
		x, back := newGuarded(k.h*k.w, k.c, k.c).random(r), newGuarded(k.h*k.w, k.c, k.c).random(r)
		want := inner(back, x)
		for oy := range g.OH {
			columns, y := newGuarded(g.OW, width, width), newGuarded(g.OW, width, width).random(r)
			kernel.Im2Col(columns.data, x.data, g, k.c, oy)
			want += inner(columns, y)
			kernel.Col2Im(back.data, y.data, g, k.c, oy)
		}
		back.intact(t, "x")
		same(t, "Col2Im", inner(back, x), want, g.OH*g.OW*width)
	}
}

// TestDenseConvolution: patches times weight is the convolution's formula.
func TestDenseConvolution(t *testing.T) {
	const out = 5
	for _, k := range windowCases {
		r := newRand(3)
		g, width := k.window(), k.size*k.size*k.c
		x, w := newGuarded(k.h*k.w, k.c, k.c).random(r), newGuarded(width, out, out+2).random(r)
		for oy := range g.OH {
			columns, y := newGuarded(g.OW, width, width), newGuarded(g.OW, out, out)
			kernel.Im2Col(columns.data, x.data, g, k.c, oy)
			kernel.Gemm(g.OW, out, width, columns.data, width, w.data, w.ld, y.data, out, false)
			for ox := range g.OW {
				for j := range out {
					s := k.pixel(x, w, oy, ox, j)
					s.check(t, y.data[ox*out+j], "%+v: y[%d,%d,%d]", k, oy, ox, j)
				}
			}
		}
	}
}

// pixel is one output value of a dense convolution: Σ x[oy*s+ky-p, ox*s+kx-p, c] * w[ky,kx,c,out].
func (k windowCase) pixel(x, w *guarded, oy, ox, out int) (s sum) {
	top, left := k.first()
	for ky := range k.size {
		for kx := range k.size {
			iy, ix := oy*k.stride+ky-top, ox*k.stride+kx-left
			if iy < 0 || iy >= k.h || ix < 0 || ix >= k.w {
				continue
			}
			for c := range k.c {
				s.add(x.at(iy*k.w+ix, c) * w.at((ky*k.size+kx)*k.c+c, out))
			}
		}
	}
	return s
}
