package predictor

import (
	"math"
	"slices"
)

// coverage is the share of networks whose latency an interval should hold.
const coverage = 0.9

// Interval says how far latencies are from their predictions.
type Interval struct {
	Coverage float64 `json:"coverage"` // share of networks that it should hold
	Relative float64 `json:"relative"` // half its width, as a share of the prediction
}

// intervalOf is the jackknife interval of held-out predictions: with n of them, the ceil(coverage*(n+1))-th smallest relative error
// (Barber et al., "Predictive inference with the jackknife+", Annals of Statistics 49, 2021, section 1.2). Where leaving out one
// network changes the fit little, as here with two or a handful of parameters, it holds about that share of new networks of the same kind.
// With fewer than 9 there is none.
func intervalOf(predicted, measured []float64) Interval {
	n := len(predicted)
	at := int(math.Ceil(coverage * float64(n+1)))
	if at > n {
		return Interval{}
	}
	errors := make([]float64, n)
	for i, p := range predicted {
		if errors[i] = math.Abs(measured[i]/p - 1); !(p > 0) {
			return Interval{}
		}
	}
	slices.Sort(errors)
	return Interval{coverage, errors[at-1]}
}

// Around is the interval of a predicted latency in milliseconds; both are the prediction itself if none is known.
func (i Interval) Around(ms float64) (low, high float64) {
	return max(ms*(1-i.Relative), 0), ms * (1 + i.Relative)
}
