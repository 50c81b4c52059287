package regress

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tailor-nas/tailor/internal/bug"
)

// wholeSet is the stream of random numbers of the final model; the folds have theirs.
const wholeSet = 1 << 31

// fitAndHoldOut fits a model to all rows, and predicts every row once by a model that did not see
// it. The same predictions say how much of the members' part is worth taking (Wolpert, "Stacked
// generalization", 1992): often less than all, since samples are few and noisy.
func fitAndHoldOut(ctx context.Context, x [][]float32, y []float64, s Settings) (*Model, []float64,
	error) {
	var model *Model
	var heldOut []float64
	var share float64
	group, ctx := errgroup.WithContext(ctx)
	caught := func(f func() error) { group.Go(func() error { return bug.Catch(f) }) }
	caught(func() (err error) {
		model, err = fitModel(ctx, x, y, s, wholeSet)
		return err
	})
	caught(func() (err error) {
		heldOut, share, err = crossValidate(ctx, x, y, s, len(x))
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	model.shrinkMembers(share)
	return model, heldOut, nil
}

// crossValidate predicts every row once by a model that saw rows of the other folds only, of these
// the first ones up to most. The share is what the predictions take of the members' part. Fits run
// side by side; none depends on another.
func crossValidate(ctx context.Context, x [][]float32, y []float64, s Settings,
	most int) (heldOut []float64, share float64, err error) {
	linear, members := make([]float64, len(y)), make([]float64, len(y))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, fold := range Folds(len(y), s) {
		group.Go(func() error {
			return bug.Catch(func() error {
				e, err := fitWithout(ctx, x, y, s, i, fold, most)
				if err != nil {
					return err
				}
				for _, row := range fold {
					linear[row] = e.linear(x[row])
					e.membersMean(x[row], members[row:row+1])
				}
				return nil
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 0, err
	}
	share = memberShare(linear, members, y)
	for i := range linear {
		linear[i] += share * members[i]
	}
	return linear, share, nil
}

// fitWithout fits to at most so many of the rows that are not of the i-th fold.
func fitWithout(ctx context.Context, x [][]float32, y []float64, s Settings, i int, fold []int,
	most int) (*Evaluator, error) {
	seen, values := Without(x, fold), Without(y, fold)
	n := min(most, len(seen))
	m, err := fitModel(ctx, seen[:n], values[:n], s, uint32(i))
	if err != nil {
		return nil, err
	}
	return m.Evaluator(), nil
}

// predictFold predicts the i-th fold by a model of the other rows.
func predictFold(ctx context.Context, x [][]float32, y []float64, s Settings, i int,
	fold []int) ([]float64, error) {
	e, err := fitWithout(ctx, x, y, s, i, fold, len(x))
	if err != nil {
		return nil, err
	}
	predicted := make([]float64, len(fold))
	for j, row := range fold {
		e.Values(x[row], predicted[j:j+1])
	}
	return predicted, nil
}

// memberShare is the factor from 0 to 1 with which members best add to linear: least squares in
// one unknown. That the error is then measured on the same rows flatters it little, one number
// having been fitted to all of them.
func memberShare(linear, members, y []float64) float64 {
	var gain, square float64
	for i, v := range members {
		gain += v * (y[i] - linear[i])
		square += v * v
	}
	if gain <= 0 {
		return 0
	}
	return min(gain/square, 1)
}

// Folds deals so many rows to parts of nearly equal size, at random by the seed of the settings.
// Each part lists its rows in ascending order.
func Folds(rows int, s Settings) [][]int {
	parts := make([][]int, min(s.Folds, rows))
	for i, row := range rand.New(rand.NewPCG(s.Seed, wholeSet-1)).Perm(rows) {
		parts[i%len(parts)] = append(parts[i%len(parts)], row)
	}
	for _, p := range parts {
		slices.Sort(p)
	}
	return parts
}

// Without is v without the elements at rows, which ascend, as those of a part of [Folds] do.
func Without[T any](v []T, rows []int) []T {
	rest := make([]T, 0, len(v)-len(rows))
	from := 0
	for _, row := range rows {
		rest = append(rest, v[from:row]...)
		from = row + 1
	}
	return append(rest, v[from:]...)
}

// HeldOutPredictions gives for each row what a model says that was fitted without it, as
// [Fitted.Predicted] has it, for the one model that the settings name.
func HeldOutPredictions(ctx context.Context, x [][]float32, y []float64,
	s Settings) ([]float64, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	if err := checkRows(x, y); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRows, err)
	}
	predicted, _, err := crossValidate(ctx, x, y, s.candidates(len(x))[0], len(x))
	return predicted, err
}
