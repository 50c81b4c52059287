package regress

import (
	"context"
	"slices"
)

// flat is the share by which twice the rows must lower the error for more of them to be worth
// their time.
const flat = 0.05

// CurvePoint is the error of models that were fitted to a part of the rows.
type CurvePoint struct {
	TrainedOn int `json:"trained_on"` // rows
	HeldOut
}

// learningCurve halves the rows that a model is fitted to, again and again, and ends with the
// whole (whose error is known). All points are errors on the same rows, so that they differ by
// what was learned, not by what was asked.
func learningCurve(ctx context.Context, x [][]float32, y []float64, s Settings,
	whole HeldOut) ([]CurvePoint, error) {
	all := len(x) - len(Folds(len(x), s)[0])
	curve := []CurvePoint{{all, whole}}
	for n := all / 2; n >= MinRows; n /= 2 {
		heldOut, _, err := crossValidate(ctx, x, y, s, n)
		if err != nil {
			return nil, err
		}
		curve = append(curve, CurvePoint{n, Compare(heldOut, y)})
	}
	slices.Reverse(curve)
	return curve, nil
}

// Flattened says whether the last doubling of the rows lowered the error by less than 5 %.
func Flattened(curve []CurvePoint) bool {
	n := len(curve)
	return n >= 2 && curve[n-1].RMSE > (1-flat)*curve[n-2].RMSE
}
