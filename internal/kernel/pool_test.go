package kernel_test

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

func eachImage(f func(pixels, c int)) {
	for _, pixels := range []int{1, 2, 3, 4, 5, 16, 49} {
		for _, c := range channels {
			f(pixels, c)
		}
	}
}

func TestMeanPool(t *testing.T) {
	eachImage(func(pixels, c int) {
		r := newRand(uint64(pixels))
		x, mean := newGuarded(pixels, c, c).random(r), vector(c)
		kernel.MeanPool(mean.data, x.data, pixels, c)
		mean.intact(t, "mean")
		for j := range c {
			var s sum
			for p := range pixels {
				s.add(x.at(p, j) / float64(pixels))
			}
			s.check(t, mean.data[j], "%d pixels, mean %d of %d", pixels, j, c)
		}
		dmean, dx := vector(c).random(r), newGuarded(pixels, c, c)
		kernel.MeanPoolInput(dx.data, dmean.data, pixels, c)
		dx.intact(t, "dx")
		same(t, "MeanPool", inner(dmean, mean), inner(dx, x), pixels*c)
	})
}

// TestGate also checks that the product is linear in the image and in the gate, with GateSlope as
// the gate's adjoint.
func TestGate(t *testing.T) {
	eachImage(func(pixels, c int) {
		r := newRand(uint64(pixels))
		x, gate := newGuarded(pixels, c, c).random(r), vector(c).random(r)
		y, dy, dx, dgate := newGuarded(pixels, c, c), newGuarded(pixels, c, c).random(r),
			newGuarded(pixels, c, c), vector(c)
		kernel.Gate(y.data, x.data, gate.data, pixels)
		y.intact(t, "y")
		for p := range pixels {
			for j := range c {
				if want := x.data[p*c+j] * gate.data[j]; y.data[p*c+j] != want {
					t.Fatalf("y[%d,%d] is %g, want %g", p, j, y.data[p*c+j], want)
				}
			}
		}
		kernel.Gate(dx.data, dy.data, gate.data, pixels)
		kernel.GateSlope(dgate.data, x.data, dy.data, pixels)
		dgate.intact(t, "dgate")
		same(t, "image", inner(dy, y), inner(dx, x), pixels*c)
		same(t, "gate", inner(dy, y), inner(dgate, gate), pixels*c)
	})
}
