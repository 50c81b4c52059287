package regress

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// HeldOut is the error of predictions for rows that the model had not seen. A search ranks
// candidates and then believes the winner's value: the rank correlations say whether it finds the
// right ones, the other errors what it promises. What a value cannot be said of (a rank correlation
// where all values are equal, a relative error where one is 0) is 0.
type HeldOut struct {
	Samples     int     `json:"samples"`
	RMSE        float64 `json:"rmse,omitempty"` // in the unit of the values
	MAPE        float64 `json:"mape,omitempty"` // mean |error| / |value|: 0.02 is 2 %
	KendallTau  float64 `json:"kendall_tau"`    // tau-b
	Spearman    float64 `json:"spearman"`
	Within10Pct float64 `json:"within_10pct"` // share of predictions within 10 % of the value
}

// Check says what no comparison gives, but a file may hold.
func (h HeldOut) Check() error {
	if h.Samples < 0 {
		return fmt.Errorf("an error of %d samples, expected 0 or more", h.Samples)
	}
	for _, v := range []float64{h.RMSE, h.MAPE, h.Within10Pct} {
		if !(v >= 0 && v <= maxError) {
			return fmt.Errorf("an error of %g, expected 0 to %g", v, float64(maxError))
		}
	}
	for _, v := range []float64{h.KendallTau, h.Spearman} {
		if !(v >= -1-rounding && v <= 1+rounding) {
			return fmt.Errorf("a correlation of %g, expected -1 to 1", v)
		}
	}
	return nil
}

const (
	maxError = 1e15 // far beyond what any predictor of use has
	rounding = 1e-9 // of a correlation
)

// Compare is the error of predictions, given what was measured: at least one value, as many of
// both.
func Compare(predicted, measured []float64) HeldOut {
	h := HeldOut{
		Samples:    len(measured),
		KendallTau: kendallTau(predicted, measured),
		Spearman:   pearson(ranks(predicted), ranks(measured)),
	}
	var squares, relative float64
	within := 0
	for i, m := range measured {
		e := math.Abs(predicted[i] - m)
		squares += e * e
		relative += e / math.Abs(m)
		if e <= 0.1*math.Abs(m) {
			within++
		}
	}
	n := float64(len(measured))
	h.RMSE, h.Within10Pct = math.Sqrt(squares/n), float64(within)/n
	if mape := relative / n; mape <= math.MaxFloat64 {
		h.MAPE = mape
	}
	return h
}

// kendallTau is tau-b, (C - D) / sqrt((N - Tx)(N - Ty)) over the N pairs, with C concordant, D
// discordant and Tx, Ty tied ones. It sorts by x and counts the exchanges that sorting by y then
// needs (Knight, JASA 61, 1966): O(n log n).
func kendallTau(x, y []float64) float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(x[a], x[b]),
			cmp.Compare(y[a], y[b]))
	})
	tiesX := tiedPairs(order, func(a, b int) bool { return x[a] == x[b] })
	tiesBoth := tiedPairs(order, func(a, b int) bool { return x[a] == x[b] && y[a] == y[b] })

	byY := make([]float64, len(y))
	for i, k := range order {
		byY[i] = y[k]
	}
	// Pairs tied in x stand in order of y, and equals are never exchanged, so that no tied pair
	// counts as discordant.
	discordant := exchanges(byY, make([]float64, len(y))) // sorts byY
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
	tiesY := tiedPairs(order, func(a, b int) bool { return y[a] == y[b] })

	// Pairs tied in both were subtracted twice.
	pairs := len(x) * (len(x) - 1) / 2
	if tiesX == pairs || tiesY == pairs {
		return 0
	}
	concordant := pairs - tiesX - tiesY + tiesBoth - discordant
	return float64(concordant-discordant) / math.Sqrt(float64(pairs-tiesX)*float64(pairs-tiesY))
}

// tiedPairs counts pairs of equals, which stand together in order.
func tiedPairs(order []int, equal func(a, b int) bool) (pairs int) {
	run := 0
	for i := range order {
		if i > 0 && equal(order[i-1], order[i]) {
			run++
		} else {
			run = 0
		}
		pairs += run
	}
	return pairs
}

// exchanges sorts v by merging and counts its inversions; scratch has v's length. Taking from the
// right half passes all that is left of the left half.
func exchanges(v, scratch []float64) (n int) {
	if len(v) < 2 {
		return 0
	}
	half := len(v) / 2
	left, right := v[:half], v[half:]
	n = exchanges(left, scratch[:half]) + exchanges(right, scratch[half:])
	merged := scratch[:0]
	for len(left) > 0 && len(right) > 0 {
		if right[0] < left[0] {
			n += len(left)
			merged, right = append(merged, right[0]), right[1:]
		} else {
			merged, left = append(merged, left[0]), left[1:]
		}
	}
	copy(v, append(append(merged, left...), right...))
	return n
}

// ranks from 1; equals share the mean of their ranks.
func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	r := make([]float64, len(v))
	for from := 0; from < len(v); {
		to := from + 1
		for to < len(v) && v[order[to]] == v[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			r[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return r
}

// pearson is the correlation coefficient, 0 where one side does not vary.
func pearson(x, y []float64) float64 {
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}

func mean(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
