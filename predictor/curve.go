package predictor

import (
	"context"
	"slices"
)

// flat is the share by which twice the samples must lower the error for more of them to be worth
// their time.
const flat = 0.05

// CurvePoint is the error of models that were fitted to a part of the samples.
type CurvePoint struct {
	TrainedOn int `json:"trained_on"` // samples
	HeldOut
}

// learningCurve halves the samples that a model is fitted to, again and again, and ends with the
// whole (whose error is known). All points are errors on the same rows, so that they differ by
// what was learned, not by what was asked.
func learningCurve(ctx context.Context, x [][]float32, y []float64, s FitSettings, whole HeldOut) ([]CurvePoint, error) {
	all := len(x) - len(folds(len(x), s)[0])
	curve := []CurvePoint{{all, whole}}
	for n := all / 2; n >= minSamples; n /= 2 {
		heldOut, _, err := crossValidate(ctx, x, y, s, n)
		if err != nil {
			return nil, err
		}
		curve = append(curve, CurvePoint{n, Compare(heldOut, y)})
	}
	slices.Reverse(curve)
	return curve, nil
}

// Flattened says whether the last doubling of the samples lowered the error by less than 5 %.
func (a *Accuracy) Flattened() bool {
	n := len(a.Curve)
	return n >= 2 && a.Curve[n-1].RMSE > (1-flat)*a.Curve[n-2].RMSE
}
