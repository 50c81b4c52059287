package regress

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Noise is how far repeated measurements of the same are apart, and so what no model can do better
// than: predictions without any error have MAPE and KendallTau when they are compared with values
// that were measured so.
type Noise struct {
	Repeated   int     `json:"repeated"` // rows that were measured more than once
	Relative   float64 `json:"relative"` // standard deviation of one measurement: 0.02 is 2 %
	MAPE       float64 `json:"mape"`
	KendallTau float64 `json:"kendall_tau"`
}

const (
	// normalMedian is the median, and normalMean the mean, of a standard normal deviate's size.
	normalMedian, normalMean = 0.6745, 0.7979
	// noiseDraws is how often noise is drawn for its rank correlation.
	noiseDraws = 10
)

// Median of values, of an even number the mean of the two in the middle. One that a machine was
// disturbed in does no harm, where there are three.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// NoiseOf tells it from what was measured of each row, all above 0. It is zero if no row was
// measured twice. Rows count by their [Median].
func NoiseOf(measured [][]float64) Noise {
	n := Noise{}
	var apart []float64 // logarithms of two measurements of one row
	for _, values := range measured {
		if len(values) > 1 {
			n.Repeated++
		}
		for i, v := range values {
			for _, other := range values[:i] {
				apart = append(apart, math.Abs(math.Log(v/other)))
			}
		}
	}
	if n.Repeated == 0 {
		return n
	}
	n.Relative = Median(apart) / normalMedian / math.Sqrt2
	errors, logs := make([]float64, len(measured)), make([]float64, len(measured))
	for i, values := range measured {
		errors[i] = n.Relative * medianError(len(values))
		logs[i] = math.Log(Median(values))
		n.MAPE += normalMean * errors[i] / float64(len(measured))
	}
	n.KendallTau = tauOfNoise(logs, errors)
	return n
}

// medianError is the standard error of the median of so many normal deviates.
func medianError(n int) float64 {
	if n <= 2 {
		return 1 / math.Sqrt(float64(n))
	}
	return math.Sqrt(math.Pi / 2 / float64(n))
}

// tauOfNoise is the rank correlation of values with the same and noise. The values have noise
// already; without it, they were nearer together.
func tauOfNoise(values, errors []float64) (tau float64) {
	m, square := mean(values), 0.0
	for _, e := range errors {
		square += e * e / float64(len(errors))
	}
	shrink := 0.0
	if s := spread(values); s > 0 {
		shrink = math.Sqrt(max(0, 1-square/(s*s)))
	}
	truth, noisy := make([]float64, len(values)), make([]float64, len(values))
	r := rand.New(rand.NewPCG(0, 0))
	for range noiseDraws {
		for i, v := range values {
			truth[i] = m + shrink*(v-m)
			noisy[i] = truth[i] + errors[i]*r.NormFloat64()
		}
		tau += kendallTau(truth, noisy) / noiseDraws
	}
	return tau
}
