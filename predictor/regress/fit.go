package regress

import (
	"context"
	"errors"
	"fmt"
)

// MinRows is the number of rows that [Fit] needs: too few for a good model, but enough for a
// held-out error that says so.
const MinRows = 10

// ErrRows is what errors about rows and values that no model can be fitted to wrap.
var ErrRows = errors.New("cannot learn from these rows")

// Fitted is what [Fit] learned.
type Fitted struct {
	Model   *Model  // the best of the candidates, fitted to all rows
	HeldOut HeldOut // its error
	// Predicted holds for each row what a model says that was fitted without it. HeldOut compares
	// them with the values.
	Predicted  []float64
	Candidates []Candidate  // by rising error, those given up early last; Model is the first one
	Curve      []CurvePoint // by rising number of rows that the model was fitted to
}

// Fit learns values y from rows of features x, all of one length and with finite numbers, [MinRows]
// of them or more. Features, and values too, should have a scale of about 1 or not much more. The
// held-out error is that of cross-validation: each row is predicted by a model that was fitted
// without it. Of several kinds of model the one with the smallest such error is taken. Errors about
// rows and values wrap [ErrRows]. Equal arguments give equal bits, on any number of processors.
func Fit(ctx context.Context, x [][]float32, y []float64, s Settings) (*Fitted, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	if err := checkRows(x, y); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRows, err)
	}
	candidates, err := fitCandidates(ctx, x, y, s)
	if err != nil {
		return nil, err
	}
	best := candidates[0]
	f := &Fitted{Model: best.model, HeldOut: best.errors, Predicted: best.heldOut}
	for _, c := range candidates {
		f.Candidates = append(f.Candidates, Candidate{c.settings.Model, c.errors})
	}
	if f.Curve, err = learningCurve(ctx, x, y, best.settings, best.errors); err != nil {
		return nil, err
	}
	return f, nil
}

// checkRows says what is wrong with rows and their values.
func checkRows(x [][]float32, y []float64) error {
	if len(x) != len(y) {
		return fmt.Errorf("%d rows with %d values, expected one for each", len(x), len(y))
	}
	if len(x) < MinRows {
		return fmt.Errorf("%d rows, expected at least %d, and some hundred for a good model",
			len(x), MinRows)
	}
	for i, row := range x {
		if len(row) != len(x[0]) || len(row) == 0 || len(row) > maxLayer {
			return fmt.Errorf("row %d has %d features and the first %d, expected equally many, 1 to %d", i+1, len(row), len(x[0]), maxLayer)
		}
		for j, v := range row {
			if !finite(float64(v)) {
				return fmt.Errorf("feature %d of row %d is %g, expected a finite number", j+1, i+1,
					v)
			}
		}
		if !finite(y[i]) {
			return fmt.Errorf("the value of row %d is %g, expected a finite number", i+1, y[i])
		}
	}
	return nil
}
