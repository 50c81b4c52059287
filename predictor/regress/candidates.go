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

// Candidate is a model that was tried, with its error.
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
	model    *Model
	heldOut  []float64 // predictions of the rows
	errors   HeldOut
}

// fitCandidates fits each, and gives them by rising error.
func fitCandidates(ctx context.Context, x [][]float32, y []float64, s Settings) ([]fitted, error) {
	var all []fitted
	for _, c := range s.candidates(len(x)) {
		model, heldOut, err := fitAndHoldOut(ctx, x, y, c)
		if err != nil {
			return nil, err
		}
		all = append(all, fitted{c, model, heldOut, Compare(heldOut, y)})
	}
	slices.SortStableFunc(all, func(a, b fitted) int {
		return cmp.Compare(a.errors.RMSE,
			b.errors.RMSE)
	})
	return all, nil
}
