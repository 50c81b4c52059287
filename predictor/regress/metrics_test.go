package regress

import (
	"math"
	"math/rand/v2"
	"testing"
)

// near compares with a relative tolerance.
func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*max(1e-300, math.Abs(want))
}

// tauByPairs is the definition of tau-b: O(n^2).
func tauByPairs(x, y []float64) float64 {
	var s, untiedX, untiedY float64
	for i := range x {
		for j := range i {
			a, b := sign(x[i]-x[j]), sign(y[i]-y[j])
			s += a * b
			untiedX += a * a
			untiedY += b * b
		}
	}
	if untiedX == 0 || untiedY == 0 {
		return 0
	}
	return s / math.Sqrt(untiedX*untiedY)
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// spearmanByCounting ranks each value by counting those below and beside it.
func spearmanByCounting(x, y []float64) float64 {
	rank := func(v []float64) []float64 {
		r := make([]float64, len(v))
		for i := range v {
			r[i] = 0.5
			for j := range v {
				r[i] += (1 - sign(v[j]-v[i])) / 2
			}
		}
		return r
	}
	return pearson(rank(x), rank(y))
}

func TestRankCorrelationsByDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	for n := range 40 {
		for levels := 1; levels <= 64; levels *= 4 { // few levels make many ties
			x, y := make([]float64, n), make([]float64, n)
			for i := range x {
				x[i] = float64(r.IntN(levels))
				y[i] = float64(r.IntN(levels)) + x[i]/2
			}
			if got, want := kendallTau(x, y), tauByPairs(x, y); math.Abs(got-want) > 1e-12 {
				t.Fatalf("tau of %v and %v is %v, by pairs %v", x, y, got, want)
			}
			if got, want := pearson(ranks(x), ranks(y)), spearmanByCounting(x, y); math.Abs(got-
				want) > 1e-12 {
				t.Fatalf("Spearman of %v and %v is %v, by counting %v", x, y, got, want)
			}
		}
	}
}

// The values are those in SciPy's documentation of kendalltau and spearmanr.
func TestRankCorrelationsPublished(t *testing.T) {
	tau := kendallTau([]float64{12, 2, 1, 12, 2}, []float64{1, 4, 7, 1, 0})
	if !near(tau, -0.47140452079103173, 1e-12) {
		t.Errorf("tau %v", tau)
	}
	rho := pearson(ranks([]float64{1, 2, 3, 4, 5}), ranks([]float64{5, 6, 7, 8, 7}))
	if !near(rho, 0.82078268166812329, 1e-12) {
		t.Errorf("Spearman %v", rho)
	}
}

func TestMeasureHeldOut(t *testing.T) {
	h := Compare([]float64{1.1, 1.5, 5}, []float64{1, 2, 4})
	if !near(h.RMSE, math.Sqrt((0.01+0.25+1)/3), 1e-12) || !near(h.MAPE, (0.1+0.25+0.25)/3, 1e-12) {
		t.Errorf("errors of %+v", h)
	}
	if h.KendallTau != 1 || h.Spearman != 1 || h.Samples != 3 {
		t.Errorf("ranks of %+v", h)
	}
	if h := Compare([]float64{1.09, 1.5, 4.3, 9}, []float64{1, 2, 4, 10}); h.Within10Pct != 0.75 {
		t.Errorf("within 10 %%: %g, want 0.75", h.Within10Pct)
	}
}

func TestMeasureHeldOutOfEqualAndZeroValues(t *testing.T) {
	h := Compare([]float64{0.1, 0.2}, []float64{0, 0})
	if h.KendallTau != 0 || h.Spearman != 0 || h.MAPE != 0 || !near(h.RMSE, math.Sqrt(0.025),
		1e-12) {
		t.Errorf("got %+v", h)
	}
}
