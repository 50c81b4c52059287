package kernel_test

import (
	"math"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// onEveryISA runs a test with every instruction set that this processor has.
func onEveryISA(t *testing.T, f func(t *testing.T)) {
	for _, isa := range kernel.ISAs {
		t.Run(isa.String(), func(t *testing.T) {
			restore, err := kernel.Use(isa)
			if err != nil {
				t.Skip(err)
			}
			defer restore()
			f(t)
		})
	}
}

// eachPool runs f over windows that touch, overlap, leave gaps and leave an edge.
func eachPool(f func(g kernel.Window, c int)) {
	for _, k := range []struct{ h, w, size, stride int }{{2, 2, 2, 2}, {4, 6, 2, 2}, {5, 7, 2, 2},
		{5, 4, 2, 1}, {7, 9, 3, 2}, {5, 6, 3, 3}, {6, 6, 2, 3}, {16, 17, 16, 1}} {
		for _, c := range append([]int{16, 20, 33, 50}, channels...) {
			f(kernel.NewValidWindow(k.h, k.w, k.size, k.stride), c)
		}
	}
}

// firstLargest is the pixel of the first of the largest values in an output's window.
func firstLargest(g kernel.Window, x *guarded, oy, ox, channel int) (pixel int) {
	best := math.Inf(-1)
	for t := range g.Kernel * g.Kernel {
		at := (oy*g.Stride+t/g.Kernel)*g.W + ox*g.Stride + t%g.Kernel
		if v := x.at(at, channel); v > best {
			best, pixel = v, at
		}
	}
	return pixel
}

func TestMaxPool(t *testing.T) { onEveryISA(t, testMaxPool) }

func testMaxPool(t *testing.T) {
	eachPool(func(g kernel.Window, c int) {
		x := newGuarded(g.H*g.W, c, c).random(newRand(uint64(c)))
		// so that many are equal
		x.each(func(v *float32) { *v = float32(math.Round(2 * float64(*v))) })
		x0 := x.clone()
		y, at := newGuarded(g.OH*g.OW, c, c), make([]int32, g.OH*g.OW*c)
		kernel.MaxPool(y.data, at, x.data, g, c)
		dy, dx, want := newGuarded(g.OH*g.OW, c, c).random(newRand(1)), newGuarded(g.H*g.W, c, c),
			newGuarded(g.H*g.W, c, c)
		kernel.MaxPoolInput(dx.data, dy.data, at, g, c)
		clear(want.data)
		for i := range at {
			oy, ox := i/c/g.OW, i/c%g.OW
			pixel := firstLargest(g, x, oy, ox, i%c)
			place := (pixel - (oy*g.W+ox)*g.Stride) * c
			if v := x.data[pixel*c+i%c]; int(at[i]) != place || y.data[i] != v {
				t.Fatalf("%+v, %d channels, output %d is %g, %d behind the first, want %g, %d behind", g, c, i, y.data[i], at[i], v, place)
			}
			want.data[pixel*c+i%c] += dy.data[i]
		}
		for i, v := range want.data {
			if dx.data[i] != v {
				t.Fatalf("%+v, %d channels, gradient %d is %g, want %g", g, c, i, dx.data[i], v)
			}
		}
		y.intact(t, "y")
		dx.intact(t, "dx")
		x.unchanged(t, "x", x0)
	})
}

// TestMaxPoolOfNaN: a value that is none comes through, wherever it is in the window.
func TestMaxPoolOfNaN(t *testing.T) { onEveryISA(t, testMaxPoolOfNaN) }

func testMaxPoolOfNaN(t *testing.T) {
	g, nan := kernel.NewValidWindow(2, 2, 2, 2), float32(math.NaN())
	for i := range 4 {
		x, y := []float32{1, 2, 3, 4}, []float32{0}
		x[i] = nan
		if kernel.MaxPool(y, []int32{0}, x, g, 1); y[0] == y[0] {
			t.Errorf("the largest of %v is %g", x, y[0])
		}
	}
}
