package search

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// minNetworks is how many networks it takes for an error that says anything.
const minNetworks = 3

// Selection is a search that selected a network by what a predictor of latency says, and what is
// known of that predictor.
type Selection struct {
	Genes    int     // of the space
	Examined int     // networks that the search looked at, at most
	Networks int     // that the predictor was fitted to
	MAPE     float64 // mean absolute relative error of networks that were held out
}

// Margin is the share by which the latency of the selected network may be above its prediction,
// with a confidence between 0 and 1; false where the error of the predictor is not known.
//
// A search that examines many networks selects one far from most that the predictor was fitted to:
// in the direction in which top-1 rises at equal predicted latency, it is as far out as the largest
// of so many draws of a normal distribution, z = sqrt(2 ln examined) standard deviations (Cramer,
// "Mathematical methods of statistics", 1946, section 28.6). An error s of random networks is there
//
//	t(confidence, n-2) s sqrt(1 + 1/n + z*z/n + z*z/p)
//
// with the quantile t of Student's distribution. The first three terms are the interval of a
// regression fitted to n networks, at a distance z from their mean (Draper and Smith, "Applied
// regression analysis", 1998, section 3.2). The last is what no number of networks teaches a model
// that does not know this direction: where s is spread evenly over the p genes of the space, one
// direction has s*s/p of its square. s is the standard deviation of normal errors whose mean
// absolute value is MAPE.
func (s Selection) Margin(confidence float64) (margin float64, known bool) {
	if s.Networks < minNetworks || !(s.MAPE > 0) || !(confidence > 0 && confidence < 1) {
		return 0, false
	}
	n, p := float64(s.Networks), float64(max(s.Genes, 1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 2}.Quantile(confidence)
	z2 := 2 * math.Log(float64(max(s.Examined, 1)))
	return max(t*s.MAPE*math.Sqrt(math.Pi/2)*math.Sqrt(1+(1+z2)/n+z2/p), 0), true
}
