package timing

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// confidence of the intervals that Timing reports.
const confidence = 0.95

// quantile interpolates linearly between order statistics (type 7 of Hyndman
// and Fan, 1996). sorted must not be empty.
func quantile(sorted []float64, p float64) float64 {
	return atRank(sorted, 1+p*float64(len(sorted)-1))
}

// atRank is the order statistic at a fractional rank, counted from 1.
func atRank(sorted []float64, rank float64) float64 {
	rank = min(max(rank, 1), float64(len(sorted)))
	i := int(rank)
	if i == len(sorted) {
		return sorted[i-1]
	}
	f := rank - float64(i)
	return (1-f)*sorted[i-1] + f*sorted[i]
}

// sortedCopy leaves x in the order of time, which the other functions need.
func sortedCopy(x []float64) []float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	return s
}

func median(x []float64) float64 { return quantile(sortedCopy(x), 0.5) }

// medianInterval returns the 95 % bootstrap interval of the median. Resampling
// has a known limit here (Efron 1979; Maritz and Jarrett 1978): the median of
// n draws lies at or below the sample's quantile p with probability I_p(a, a),
// the regularised incomplete beta function with a = (n+1)/2. So the ends are
// sample quantiles whose p solves I_p(a, a) = 0.025 and 0.975: no draws, no
// seed, and cheap enough to look after every round.
//
// effective replaces n where samples depend on each other, see effectiveSize.
func medianInterval(sorted []float64, effective float64) (low, high float64) {
	n := float64(len(sorted))
	a := (effective + 1) / 2
	rank := n * mathext.InvRegIncBeta(a, a, (1-confidence)/2)
	return atRank(sorted, rank), atRank(sorted, n+1-rank)
}

// effectiveSize returns how many independent values tell as much about a mean as x, values in time
// order, whose own mean is 0. With their autocorrelations r the variance of the mean grows by
// 1 + 2(r1 + r2 + ...). The sum is cut where pairs of terms sink into noise (initial positive
// sequence, Geyer 1992).
func effectiveSize(x []float64) float64 {
	n := float64(len(x))
	power := lagged(x, 0)
	if power == 0 {
		return n // all equal
	}
	noise := math.Sqrt(2 / n) // standard error of a pair if nothing is correlated
	inflation := -1.0
	for lag := 0; lag+1 < len(x); lag += 2 {
		pair := (lagged(x, lag) + lagged(x, lag+1)) / power
		if pair <= noise {
			break
		}
		inflation += 2 * pair
	}
	return n / min(max(inflation, 1), n)
}

// signsAround says of each value on which side of the centre it is. The variance of a median
// depends on values through these alone (Gastwirth and Rubin 1975).
func signsAround(x []float64, centre float64) []float64 {
	signs := make([]float64, len(x))
	for i, v := range x {
		switch {
		case v > centre:
			signs[i] = 1
		case v < centre:
			signs[i] = -1
		}
	}
	return signs
}

// lagged is the sum of products of s with itself, lag samples later.
func lagged(s []float64, lag int) float64 {
	var sum float64
	for i := lag; i < len(s); i++ {
		sum += s[i] * s[i-lag]
	}
	return sum
}

// lowPercentile is what counts as undisturbed: not the minimum, which one
// lucky moment of turbo decides.
const lowPercentile = 0.05

// drift compares the low percentile of the last fifth of x, in time order,
// with the first fifth. steady is false if x moved by more than 15 % without
// turning back, as it does when a processor throttles or leaves turbo.
func drift(x []float64) (ratio float64, steady bool) {
	const groups, limit, slack = 5, 0.15, 0.02
	if len(x) < 4*groups {
		return 1, true // too few to tell
	}
	var low [groups]float64
	for g := range low {
		low[g] = quantile(sortedCopy(x[g*len(x)/groups:(g+1)*len(x)/groups]), lowPercentile)
	}
	rises, falls := true, true
	for g := 1; g < groups; g++ {
		rises = rises && low[g] >= low[g-1]*(1-slack)
		falls = falls && low[g] <= low[g-1]*(1+slack)
	}
	ratio = low[groups-1] / low[0]
	moved := max(ratio, 1/ratio) > 1+limit
	return ratio, !moved || !(rises || falls)
}
