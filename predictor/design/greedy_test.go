package design

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestChosenAreKnownLeast: each network, after both ends, is the one of the largest variance given
// those before, by the textbook formula of a Gaussian process, k - k' (K + noise^2)^-1 k
// (Rasmussen and Williams, "Gaussian processes for machine learning", 2006, equation 2.26).
func TestChosenAreKnownLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]network, 60)
	for i := range all {
		ms := r.NormFloat64()
		all[i] = network{logs: []float64{ms, ms + 0.2*r.NormFloat64()},
			shares: map[group]float64{byKernel(3): r.Float64(), byStage(-1): r.Float64(),
				byPixels(32): 1}}
	}
	x, order := rows(all), chosen(all, 12)
	covariance := func(i, j int) (sum float64) {
		for f := range x[i] {
			sum += x[i][f] * x[j][f]
		}
		return sum
	}
	variance := func(i int, known []int) float64 {
		n := len(known)
		k, own := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
		for a, p := range known {
			own.SetVec(a, covariance(i, p))
			for b, q := range known {
				k.SetSym(a, b, covariance(p, q))
			}
			k.SetSym(a, a, k.At(a, a)+noise*noise)
		}
		var solved mat.VecDense
		if err := solved.SolveVec(k, own); err != nil {
			t.Fatal(err)
		}
		return covariance(i, i) - mat.Dot(own, &solved)
	}
	for n := 2; n < len(order); n++ {
		got, largest := variance(order[n], order[:n]), math.Inf(-1)
		for i := range all {
			if !slices.Contains(order[:n], i) {
				largest = max(largest, variance(i, order[:n]))
			}
		}
		if !(math.Abs(got-largest) < 1e-9) {
			t.Errorf("network %d has the variance %g, another one %g", n, got, largest)
		}
	}
	for i := range all {
		if all[i].middle() > all[order[0]].middle() || all[i].middle() < all[order[1]].middle() {
			t.Fatalf("network %d is beyond the first two", i)
		}
	}
}
