package regress_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// TestComposite draws a quantity that is a line of the covariate and scatter, measured twice with
// noise: the weight is that of the least error, and the estimates have about that error.
func TestComposite(t *testing.T) {
	const n = 2000
	for _, c := range []struct{ scatter, noise float64 }{
		{0.01, 0.03}, {0.02, 0.02}, {0.03, 0.003}, {0, 0.02},
	} {
		r := rand.New(rand.NewPCG(1, 0))
		var truth, measured, first, covariate []float64
		for range n {
			x := r.Float64()
			v := 0.8 - 0.3*x + c.scatter*r.NormFloat64()
			// The mean of two has the noise, so that each has more.
			a := v + math.Sqrt2*c.noise*r.NormFloat64()
			b := v + math.Sqrt2*c.noise*r.NormFloat64()
			truth, covariate = append(truth, v), append(covariate, x)
			measured, first = append(measured, (a+b)/2), append(first, a)
		}
		got := regress.NewComposite(measured, first, covariate)
		want := c.scatter * c.scatter / (c.scatter*c.scatter + c.noise*c.noise)
		if math.Abs(got.Weight-want) > 0.08 || math.Abs(got.Slope+0.3) > 0.01 ||
			math.Abs(got.Intercept-0.8) > 0.01 || math.Abs(got.Noise/c.noise-1) > 0.05 {
			t.Errorf("scatter %g, noise %g: %+v, want weight %.3f", c.scatter, c.noise, got, want)
		}
		squares := 0.0
		for i, v := range truth {
			squares += math.Pow(got.Estimate(measured[i], covariate[i])-v, 2)
		}
		least := math.Sqrt(want) * c.noise
		if rmse := math.Sqrt(squares / n); rmse > least+0.1*c.noise {
			t.Errorf("scatter %g, noise %g: RMSE %g, the least is %g", c.scatter, c.noise, rmse,
				least)
		}
	}
}

// What says nothing leaves measurements as they are.
func TestCompositeOfNothing(t *testing.T) {
	y := []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, 1, .95, .85}
	flat := make([]float64, len(y))
	for name, c := range map[string]regress.Composite{
		"few rows":           regress.NewComposite(y[:9], y[:9], y[:9]),
		"constant covariate": regress.NewComposite(y, y, flat),
	} {
		if c.Weight != 1 || c.Estimate(.3, 7) != .3 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
