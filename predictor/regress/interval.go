package regress

import (
	"math"
	"slices"
)

// coverage is the share of values that an interval should hold.
const coverage = 0.9

// Interval says how far values above 0, such as latencies, are from their predictions.
type Interval struct {
	Coverage float64 `json:"coverage"` // share of values that it should hold
	Relative float64 `json:"relative"` // half its width, as a share of the prediction
}

// IntervalOf is the jackknife interval of held-out predictions: with n of them, the
// ceil(coverage*(n+1))-th smallest relative error (Barber et al., "Predictive inference with the
// jackknife+", Annals of Statistics 49, 2021, section 1.2). Where leaving out one row changes the
// fit little, as with two or a handful of parameters, it holds about that share of new values of
// the same kind. With fewer than 9 there is none.
func IntervalOf(predicted, measured []float64) Interval {
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

// Around is the interval of a prediction; both are the prediction itself if no interval is known.
func (i Interval) Around(value float64) (low, high float64) {
	return max(value*(1-i.Relative), 0), value * (1 + i.Relative)
}
