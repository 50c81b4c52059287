package kernel_test

import (
	"math"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

var acts = []kernel.Act{kernel.Identity, kernel.ReLU, kernel.ReLU6, kernel.HSwish,
	kernel.SiLU, kernel.HSigmoid, kernel.Sigmoid}

func TestMoments(t *testing.T) {
	for _, c := range channels {
		for rows := 1; rows <= 5; rows++ {
			x := newGuarded(rows, c, c).random(newRand(uint64(c)))
			sum, square := make([]float64, c+1), make([]float64, c+1)
			for j := range sum {
				sum[j], square[j] = 100, 200 // what was there stays
			}
			kernel.Moments(x.data, c, sum, square)
			for j := range c {
				s, q := 100.0, 200.0
				for i := range rows {
					s += x.at(i, j)
					q += x.at(i, j) * x.at(i, j)
				}
				if math.Abs(sum[j]-s) > 1e-12*s || math.Abs(square[j]-q) > 1e-12*q {
					t.Fatalf("(%d,%d) channel %d: got %g and %g, want %g and %g", rows, c, j,
						sum[j], square[j], s, q)
				}
			}
			if sum[c] != 100 || square[c] != 200 {
				t.Fatalf("(%d,%d): wrote beyond the channels", rows, c)
			}
		}
	}
}

func TestScaleShift(t *testing.T) {
	for _, act := range acts {
		for _, c := range channels {
			r := newRand(uint64(c))
			x, y := newGuarded(3, c, c).random(r), newGuarded(3, c, c)
			scale, shift := vector(c).random(r), vector(c).random(r)
			x0 := x.clone()
			kernel.ScaleShift(y.data, x.data, scale.data, shift.data, act)
			for i := range 3 {
				for j := range c {
					want := formulas[act](x.at(i, j)*scale.at(0, j) + shift.at(0, j))
					close(t, act, "scale and shift", x.at(i, j), y.data[i*c+j], want)
				}
			}
			x.unchanged(t, "x", x0)
			y.intact(t, "y")
			kernel.ScaleShift(x.data, x.data, scale.data, shift.data, act)
			x.unchanged(t, "in place", y)
		}
	}
}

// normCase is batch norm over a matrix, in float64: y = act(gamma*x̂ + beta).
type normCase struct {
	x, dy       *guarded
	gamma, beta []float64
	act         kernel.Act
}

const eps = 1e-3

func (n *normCase) statistics(j int) (mean, invStd float64) {
	var variance float64
	for i := range n.x.rows {
		mean += n.x.at(i, j) / float64(n.x.rows)
	}
	for i := range n.x.rows {
		variance += (n.x.at(i, j) - mean) * (n.x.at(i, j) - mean) / float64(n.x.rows)
	}
	return mean, 1 / math.Sqrt(variance+eps)
}

// loss is <dy, y> of channel j, whose derivatives are what the backward pass computes.
func (n *normCase) loss(j int) (s float64) {
	mean, invStd := n.statistics(j)
	for i := range n.x.rows {
		s += n.dy.at(i, j) * formulas[n.act](n.gamma[j]*(n.x.at(i, j)-mean)*invStd+n.beta[j])
	}
	return s
}

// kernelNorm is the same batch norm as the kernels want it.
func (n *normCase) kernelNorm() kernel.Norm {
	k := kernel.Norm{Act: n.act}
	for j := range n.x.cols {
		mean, invStd := n.statistics(j)
		scale := n.gamma[j] * invStd
		k.Mean, k.InvStd = append(k.Mean, float32(mean)), append(k.InvStd, float32(invStd))
		k.Scale, k.Shift = append(k.Scale, float32(scale)),
			append(k.Shift, float32(n.beta[j]-mean*scale))
	}
	return k
}

func newNormCase(rows, c int, act kernel.Act, seed uint64) *normCase {
	r := newRand(seed)
	n := &normCase{x: newGuarded(rows, c, c).random(r), dy: newGuarded(rows, c, c).random(r),
		act: act}
	for range c {
		n.gamma, n.beta = append(n.gamma, 1+0.3*r.NormFloat64()),
			append(n.beta, 0.3*r.NormFloat64())
	}
	return n
}

// TestNormBackward compares the backward pass with differences of the float64 formula. A value near
// a kink of the activation says nothing and is left out by comparing two step sizes.
func TestNormBackward(t *testing.T) {
	for _, act := range acts {
		for _, c := range channels {
			const rows = 6
			n := newNormCase(rows, c, act, uint64(c))
			k := n.kernelNorm()
			dShift, dScale := make([]float64, c), make([]float64, c)
			k.BackwardSums(n.x.data, n.dy.data, dShift, dScale)
			meanG, meanGX := make([]float32, c), make([]float32, c)
			for j := range c {
				n.checkDerivative(t, "shift", j, &n.beta[j], dShift[j])
				n.checkDerivative(t, "scale", j, &n.gamma[j], dScale[j])
				meanG[j], meanGX[j] = float32(dShift[j]/rows), float32(dScale[j]/rows)
			}
			dx := newGuarded(rows, c, c)
			x0, dy0 := n.x.clone(), n.dy.clone()
			k.BackwardInput(dx.data, n.x.data, n.dy.data, meanG, meanGX)
			dx.intact(t, "dx")
			n.x.unchanged(t, "x", x0)
			n.dy.unchanged(t, "dy", dy0)
			for i := range rows {
				for j := range c {
					n.checkInput(t, i, j, dx.at(i, j))
				}
			}
		}
	}
}

func (n *normCase) checkDerivative(t *testing.T, what string, j int, v *float64, got float64) {
	t.Helper()
	slope := func(step float64) float64 {
		old := *v
		defer func() { *v = old }()
		*v = old + step
		up := n.loss(j)
		*v = old - step
		return (up - n.loss(j)) / (2 * step)
	}
	want := slope(1e-5)
	if math.Abs(want-slope(1e-6)) > 1e-6 {
		return
	}
	if math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
		t.Errorf("activation %d, gradient of %s %d: got %g, want %g", n.act, what, j, got, want)
	}
}

// checkInput differentiates by x, which is float32 in memory: the step is a power of two that x can
// take.
func (n *normCase) checkInput(t *testing.T, i, j int, got float64) {
	t.Helper()
	at := &n.x.data[i*n.x.ld+j]
	old := *at
	defer func() { *at = old }()
	slope := func(step float32) float64 {
		*at = old + step
		up, x1 := n.loss(j), float64(*at)
		*at = old - step
		return (up - n.loss(j)) / (x1 - float64(*at))
	}
	want := slope(0x1p-10)
	if math.Abs(want-slope(0x1p-12)) > 1e-4 {
		return
	}
	if math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
		t.Errorf("activation %d, gradient of x[%d,%d]: got %g, want %g", n.act, i, j, got, want)
	}
}

// TestNormSumsAccumulate: the sums of a batch are the sums over its parts.
func TestNormSumsAccumulate(t *testing.T) {
	n := newNormCase(8, 5, kernel.HSwish, 1)
	k := n.kernelNorm()
	whole, parts := make([]float64, 10), make([]float64, 10)
	k.BackwardSums(n.x.data, n.dy.data, whole[:5], whole[5:])
	k.BackwardSums(n.x.data[:15], n.dy.data[:15], parts[:5], parts[5:])
	k.BackwardSums(n.x.data[15:], n.dy.data[15:], parts[:5], parts[5:])
	for j := range whole {
		if whole[j] != parts[j] {
			t.Errorf("sum %d: %g in one call, %g in two", j, whole[j], parts[j])
		}
	}
}
