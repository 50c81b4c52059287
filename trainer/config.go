package trainer

import (
	"errors"
	"fmt"
	"math"
)

// ErrConfig is what every error about a setting wraps.
var ErrConfig = errors.New("bad training setting")

// Config are the settings of a training run. Zero values stand for the defaults, which [Config.withDefaults] fills in
// before a run is recorded.
type Config struct {
	Strategy Strategy `json:"strategy"` // default deps
	Epochs   int      `json:"epochs"`   // T; default 20
	Batch    int      `json:"batch"`    // images a step; default 128
	Seed     uint64   `json:"seed"`

	LR             float64 `json:"lr"`              // at the start of the cosine; default 0.1, as DepS on CIFAR
	Momentum       float64 `json:"momentum"`        // Nesterov; default 0.9
	WeightDecay    float64 `json:"weight_decay"`    // not on batch norm and biases; default 3e-5
	LabelSmoothing float64 `json:"label_smoothing"` // default 0.1; negative for none

	// WarmupEpochs is W of DepS, the epoch at which shrinking is in full force; default half of Epochs.
	WarmupEpochs float64 `json:"warmup_epochs"`
	// EpsilonEpochs is s of DepS, over which the sub-networks' learning rate rises before W; default 5, but at most a
	// twentieth of Epochs.
	EpsilonEpochs float64 `json:"epsilon_epochs"`
	Networks      int     `json:"networks"`    // K, networks a step once shrinking: largest, smallest, K-2 random; default 4
	Temperature   float64 `json:"temperature"` // τ of the in-place distillation; default 1
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// withDefaults fills in and checks.
func (c Config) withDefaults() (Config, error) {
	orDefault(&c.Strategy, DepS)
	orDefault(&c.Epochs, 20)
	orDefault(&c.Batch, 128)
	orDefault(&c.LR, 0.1)
	orDefault(&c.Momentum, 0.9)
	orDefault(&c.WeightDecay, 3e-5)
	orDefault(&c.LabelSmoothing, 0.1)
	c.LabelSmoothing = max(c.LabelSmoothing, 0)
	if c.Strategy == DepS {
		orDefault(&c.WarmupEpochs, float64(c.Epochs)/2)
		orDefault(&c.EpsilonEpochs, min(5, float64(c.Epochs)/20))
	}
	orDefault(&c.Networks, 4)
	orDefault(&c.Temperature, 1)
	return c, c.check()
}

func (c Config) check() error {
	if err := c.Strategy.check(); err != nil {
		return err
	}
	for _, f := range []struct {
		name      string
		v, lo, hi float64
	}{
		{"epochs", float64(c.Epochs), 1, 1e6},
		{"batch", float64(c.Batch), 2, 1 << 20},
		{"lr", c.LR, 1e-9, 1e3},
		{"momentum", c.Momentum, 0, 0.9999},
		{"weight decay", c.WeightDecay, 0, 1},
		{"label smoothing", c.LabelSmoothing, 0, 0.9},
		{"networks", float64(c.Networks), 2, 64},
		{"temperature", c.Temperature, 0.01, 100},
		{"warm-up epochs", c.WarmupEpochs, 0, float64(c.Epochs)},
		{"epsilon epochs", c.EpsilonEpochs, 0, c.WarmupEpochs},
	} {
		if !(f.v >= f.lo && f.v <= f.hi) || math.IsNaN(f.v) {
			return fmt.Errorf("%w: %s is %g, expected %g to %g", ErrConfig, f.name, f.v, f.lo, f.hi)
		}
	}
	return nil
}
