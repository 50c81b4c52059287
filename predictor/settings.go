package predictor

import (
	"errors"
	"fmt"
)

// FitSettings says how a model is fitted. The zero value is the default.
type FitSettings struct {
	Seed uint64
	// Model is [ModelRidge] or [ModelMLP]; empty is the one with the smaller held-out error.
	Model string
	// Hidden holds the widths of the hidden layers of ModelRidge's networks; nil is 64, 64.
	Hidden []int
	// Members is the number of ModelRidge's networks, whose mean is taken; 0 is 3.
	Members int
	// Epochs is the number of passes over the samples; 0 is 100, and from 600 samples fewer, down
	// to 20.
	Epochs int
	// Batch is the number of samples a step; 0 is 32.
	Batch int
	// LearningRate is Adam's at the start, from where it falls to 0 as a cosine; 0 is 1e-3.
	LearningRate float64
	// WeightDecay times the learning rate is what a step takes from the weights of ModelRidge's
	// networks; 0 is 5, which is much, since samples are few, and what is left to learn is little.
	WeightDecay float64
	// Folds is the number of parts in which the held-out error is measured; 0 is 5.
	Folds int

	withoutLinear bool // the networks alone
}

func (s FitSettings) withDefaults() (FitSettings, error) {
	if s.Model != "" && s.Model != ModelRidge && s.Model != ModelMLP {
		return s, fmt.Errorf("model is %q, expected %s or %s", s.Model, ModelRidge, ModelMLP)
	}
	if s.Hidden == nil {
		s.Hidden = []int{64, 64}
	}
	for _, f := range []struct {
		name       string
		value      *int
		preset, to int
	}{{"members", &s.Members, 3, 100}, {"epochs", &s.Epochs, 0, 1e6}, {"batch", &s.Batch, 32, 1e5}, {"folds", &s.Folds, 5, 1e5}} {
		if *f.value == 0 {
			*f.value = f.preset
		}
		if *f.value < min(f.preset, 1) || *f.value > f.to {
			return s, fmt.Errorf("%s is %d, expected 1 to %d", f.name, *f.value, f.to)
		}
	}
	if s.Folds < 2 {
		return s, errors.New("folds is 1, expected at least 2")
	}
	for _, h := range s.Hidden {
		if h < 1 || h > maxLayer {
			return s, fmt.Errorf("a hidden layer has %d units, expected 1 to %d", h, maxLayer)
		}
	}
	if s.LearningRate == 0 {
		s.LearningRate = 1e-3
	}
	if s.WeightDecay == 0 {
		s.WeightDecay = 5
	}
	if !(s.LearningRate > 0 && s.LearningRate <= 1) || !(s.WeightDecay >= 0 && s.WeightDecay*s.LearningRate < 1) {
		return s, fmt.Errorf("learning rate %g and weight decay %g do not go together: expected positive ones with a product below 1",
			s.LearningRate, s.WeightDecay)
	}
	return s, nil
}

// epochs keeps the time of a fit within bounds where samples are many.
func (s FitSettings) epochs(samples int) int {
	if s.Epochs > 0 {
		return s.Epochs
	}
	return min(max(60_000/samples, 20), 100)
}
