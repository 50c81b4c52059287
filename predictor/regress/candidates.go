package regress

import (
	"cmp"
	"context"
	"slices"
)

// The models that [Fit] chooses from.
const (
	// ModelRidge is a ridge regression on the features plus small MLPs that learned what it
	// leaves over.
	ModelRidge = "ridge"
	// ModelMLP is OFA's: three hidden layers of 400 (Cai et al., ICLR 2020, appendix A), alone.
	ModelMLP = "mlp"
)

// mlpRows is from when ModelMLP is tried: with fewer rows it has never won, and it takes many
// times as long to fit.
const mlpRows = 200

// hopeless is how many times the best one's error another candidate may have on the first rows that
// are held out; with more it is given up.
const hopeless = 1.15

// Candidate is a model that was tried, with its error. That of one which was given up early is over
// fewer rows.
type Candidate struct {
	Model string `json:"model"`
	HeldOut
}

// candidates are the settings to try by the model's name.
func (s Settings) candidates(samples int) []Settings {
	ridge, mlp := s, s
	ridge.Model = ModelRidge
	mlp.Model, mlp.withoutLinear = ModelMLP, true
	mlp.Hidden, mlp.Members, mlp.WeightDecay = []int{400, 400, 400}, 1, 1e-4
	switch {
	case s.Model == ModelRidge, s.Model == "" && samples < mlpRows:
		return []Settings{ridge}
	case s.Model == ModelMLP:
		return []Settings{mlp}
	}
	return []Settings{ridge, mlp}
}

// fitted is a candidate after fitting.
type fitted struct {
	settings Settings
	model    *Model    // nil if it was given up
	heldOut  []float64 // predictions of the rows
	errors   HeldOut
}

// fitCandidates fits each, and gives them by rising error; those that were given up are last.
func fitCandidates(ctx context.Context, x [][]float32, y []float64, s Settings) ([]fitted, error) {
	var all []fitted
	for i, c := range s.candidates(len(x)) {
		if i > 0 {
			found, worse, err := farWorse(ctx, x, y, c, all[0].heldOut)
			if err != nil {
				return nil, err
			}
			if worse {
				all = append(all, fitted{settings: c, errors: found})
				continue
			}
		}
		model, heldOut, err := fitAndHoldOut(ctx, x, y, c)
		if err != nil {
			return nil, err
		}
		all = append(all, fitted{c, model, heldOut, Compare(heldOut, y)})
	}
	slices.SortStableFunc(all, func(a, b fitted) int {
		if (a.model == nil) != (b.model == nil) {
			return cmp.Compare(len(b.heldOut), len(a.heldOut))
		}
		return cmp.Compare(a.errors.RMSE, b.errors.RMSE)
	})
	return all, nil
}

// farWorse says whether a candidate is far worse than other held-out predictions, by the first part
// of the rows, and its error on these.
func farWorse(ctx context.Context, x [][]float32, y []float64, s Settings, best []float64) (HeldOut,
	bool, error) {
	fold := Folds(len(y), s)[0]
	predicted, err := predictFold(ctx, x, y, s, 0, fold)
	if err != nil {
		return HeldOut{}, false, err
	}
	other, values := make([]float64, len(fold)), make([]float64, len(fold))
	for i, row := range fold {
		other[i], values[i] = best[row], y[row]
	}
	found := Compare(predicted, values)
	return found, found.RMSE > hopeless*Compare(other, values).RMSE, nil
}
