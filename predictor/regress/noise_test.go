package regress

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestNoiseOf: rows with a known truth, each measured some times. What is said of a perfect model
// is what the truth has for an error.
func TestNoiseOf(t *testing.T) {
	const rows, noise = 400, 0.05
	r := rand.New(rand.NewPCG(1, 2))
	for _, times := range []int{2, 5} {
		truth, merged, measured := make([]float64, rows), make([]float64, rows),
			make([][]float64, rows)
		for i := range truth {
			truth[i] = 10 * math.Exp(0.1*r.NormFloat64())
			for range times {
				measured[i] = append(measured[i], truth[i]*math.Exp(noise*r.NormFloat64()))
			}
			merged[i] = Median(measured[i])
		}
		n, perfect := NoiseOf(measured), Compare(truth, merged)
		if n.Repeated != rows || math.Abs(n.Relative/noise-1) > 0.15 ||
			math.Abs(n.MAPE/perfect.MAPE-1) > 0.15 ||
			math.Abs(n.KendallTau-perfect.KendallTau) > 0.04 {
			t.Errorf("%d times: %+v, the truth has %+v", times, n, perfect)
		}
	}
}

func TestNoiseOfNothing(t *testing.T) {
	if n := NoiseOf([][]float64{{1}, {2}, {3}}); n != (Noise{}) {
		t.Errorf("measured once: %+v", n)
	}
	if n := NoiseOf([][]float64{{1, 1}, {2, 2}, {3, 3}}); n.MAPE != 0 ||
		!near(n.KendallTau, 1, 1e-12) {
		t.Errorf("measured twice the same: %+v", n)
	}
	if n := NoiseOf([][]float64{{1, 2}}); n.Repeated != 1 || n.KendallTau != 0 {
		t.Errorf("one row: %+v", n)
	}
}
