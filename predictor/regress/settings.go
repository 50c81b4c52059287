package regress

import "fmt"

// Auto stands for a number that follows from the samples.
const Auto = -1

// Settings say how a model is fitted. Zero means zero: begin with [Defaults].
type Settings struct {
	Seed uint64
	// Model is [ModelRidge] or [ModelMLP]; empty is the one with the smaller held-out error.
	Model string
	// Hidden holds the widths of the hidden layers of ModelRidge's members, which are MLPs; nil is
	// none.
	Hidden []int
	// Members is the number of MLPs in ModelRidge's ensemble, whose mean is taken; 0 is the linear
	// part alone.
	Members int
	// Epochs is the number of passes over the samples, 1 or more; Auto is 100, and from 600 samples
	// fewer, down to 20.
	Epochs int
	// Batch is the number of samples a step; 1 or more.
	Batch int
	// LearningRate is Adam's at the start, from where it falls to 0 as a cosine; above 0.
	LearningRate float64
	// WeightDecay times the learning rate is what a step takes from the weights of ModelRidge's
	// members; 0 is none.
	WeightDecay float64
	// Folds is the number of parts in which the held-out error is measured; 2 or more.
	Folds int

	withoutLinear bool // the members alone
}

// Defaults choose the model by its error. The decay of the weights is much, since samples are few,
// and what is left to learn is little.
func Defaults() Settings {
	return Settings{Hidden: []int{64, 64}, Members: 3, Epochs: Auto, Batch: 32, LearningRate: 1e-3,
		WeightDecay: 5, Folds: 5}
}

// Check says what is wrong with the settings.
func (s Settings) Check() error {
	if s.Model != "" && s.Model != ModelRidge && s.Model != ModelMLP {
		return fmt.Errorf("model is %q, expected %s or %s", s.Model, ModelRidge, ModelMLP)
	}
	for _, f := range []struct {
		name            string
		value, from, to int
	}{{"members", s.Members, 0, 100}, {"batch", s.Batch, 1, 1e5}, {"folds", s.Folds, 2, 1e5}} {
		if f.value < f.from || f.value > f.to {
			return fmt.Errorf("%s is %d, expected %d to %d", f.name, f.value, f.from, f.to)
		}
	}
	if s.Epochs != Auto && (s.Epochs < 1 || s.Epochs > 1e6) {
		return fmt.Errorf("epochs is %d, expected 1 to 1000000, or Auto", s.Epochs)
	}
	for _, h := range s.Hidden {
		if h < 1 || h > maxLayer {
			return fmt.Errorf("a hidden layer has %d units, expected 1 to %d", h, maxLayer)
		}
	}
	if !(s.LearningRate > 0 && s.LearningRate <= 1) ||
		!(s.WeightDecay >= 0 && s.WeightDecay*s.LearningRate < 1) {
		return fmt.Errorf("learning rate %g and weight decay %g do not go together: expected a rate above 0, a decay of 0 or more, and a product below 1",
			s.LearningRate, s.WeightDecay)
	}
	return nil
}

// epochs keeps the time of a fit within bounds where samples are many.
func (s Settings) epochs(samples int) int {
	if s.Epochs != Auto {
		return s.Epochs
	}
	return min(max(60_000/samples, 20), 100)
}
