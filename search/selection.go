package search

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tailor-nas/tailor/search/optimize"
)

// minNetworks is how many networks it takes for an error that says anything.
const minNetworks = 3

// Selection is a search that selected a network by what a predictor of latency says, and what is
// known of that predictor.
type Selection struct {
	Genes    int     // of the space
	Examined int     // networks that the search chose from, at most: see [Examined]
	Networks int     // that the predictor was fitted to
	MAPE     float64 // mean absolute relative error of networks that were held out
	RMSE     float64 // root of the mean square of the same errors, in ms
}

// Examined is how many networks a search, or that for a front, chooses from which may predict the
// accuracy of so many, or of [optimize.Auto]: where the predictor's gradient guides it, each of
// these is the best of many whose costs it knows, and about what they are worth.
func Examined(accuracy Predictor, evaluations int, front bool) int {
	near := nearPredictor(accuracy)
	if evaluations == optimize.Auto {
		evaluations = autoEvaluations(near != nil, hasJoint(near), front)
	}
	if near == nil {
		return evaluations
	}
	return optimize.ChosenFrom * min(evaluations, math.MaxInt/optimize.ChosenFrom)
}

// autoEvaluations is what [optimize.Auto] means for Config.Evaluations.
func autoEvaluations(guided, joint, front bool) int {
	switch {
	case front && joint:
		return JointFrontEvaluations
	case front:
		return FrontEvaluations
	}
	return optimize.AutoEvaluations(guided, joint)
}

// Margin is by how much latencies may be above their predictions: by the margin times the root of
// the prediction, both in ms. The time of a network is a sum over its blocks. Where their errors
// are independent, the error of a sum grows as the root of how many there are, so that a fast
// network's is a larger share of its time.
type Margin float64

// High is the upper end of a predicted latency, in ms.
func (m Margin) High(predicted float64) float64 {
	return predicted + float64(m)*math.Sqrt(predicted)
}

// Within is the prediction of which a budget is the upper end, in ms.
func (m Margin) Within(budget float64) float64 {
	root := (math.Sqrt(float64(m*m)+4*budget) - float64(m)) / 2
	return root * root
}

// Margin is by how much the latency of the selected network may be above its prediction, with a
// confidence between 0 and 1; false where the error of the predictor is not known.
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
// absolute value is MAPE. It is that of networks of a latency of RMSE/s, about the mean of those
// that were held out.
func (s Selection) Margin(confidence float64) (margin Margin, known bool) {
	if s.Networks < minNetworks || !(s.MAPE > 0) || !(s.RMSE > 0) ||
		!(confidence > 0 && confidence < 1) {
		return 0, false
	}
	n, p := float64(s.Networks), float64(max(s.Genes, 1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 2}.Quantile(confidence)
	z2 := 2 * math.Log(float64(max(s.Examined, 1)))
	deviation := s.MAPE * math.Sqrt(math.Pi/2)
	share := t * deviation * math.Sqrt(1+(1+z2)/n+z2/p)
	return Margin(max(share*math.Sqrt(s.RMSE/deviation), 0)), true
}
