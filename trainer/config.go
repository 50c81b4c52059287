package trainer

import (
	"errors"
	"fmt"
	"math"
)

// ErrConfig is what every error about a setting wraps.
var ErrConfig = errors.New("bad training setting")

// Auto stands for a value that follows from other settings. What it became is recorded in the run.
const Auto = -1

// Config are the settings of a training run. Zero means zero: begin with [Defaults], and change what should differ.
type Config struct {
	Strategy Strategy `json:"strategy"`
	Epochs   int      `json:"epochs"` // T; 1 or more
	Batch    int      `json:"batch"`  // images a step; 2 or more
	Seed     uint64   `json:"seed"`

	LR             float64 `json:"lr"`              // at the start of the cosine; above 0
	Momentum       float64 `json:"momentum"`        // Nesterov; 0 is none
	WeightDecay    float64 `json:"weight_decay"`    // not on batch norm and biases; 0 is none
	LabelSmoothing float64 `json:"label_smoothing"` // 0 is none

	// WarmupEpochs is W of DepS, the epoch at which shrinking is in full force; Auto is half of Epochs. 0 shrinks from the start.
	WarmupEpochs float64 `json:"warmup_epochs"`
	// EpsilonEpochs is s of DepS, over which the sub-networks' learning rate rises before W; Auto is 5, but at most a
	// twentieth of Epochs, and at most W. With 0 they start at the full rate.
	EpsilonEpochs float64 `json:"epsilon_epochs"`
	Networks      int     `json:"networks"`    // K, networks a step once shrinking: largest, smallest, K-2 random; 2 or more
	Temperature   float64 `json:"temperature"` // τ of the in-place distillation; above 0
}

// Defaults are the settings of DepS on CIFAR, for 20 epochs.
func Defaults() Config {
	return Config{
		Strategy: DepS, Epochs: 20, Batch: 128, LR: 0.1, Momentum: 0.9, WeightDecay: 3e-5, LabelSmoothing: 0.1,
		WarmupEpochs: Auto, EpsilonEpochs: Auto, Networks: 4, Temperature: 1,
	}
}

// complete puts values in the place of Auto, and checks.
func (c Config) complete() (Config, error) {
	warmup, epsilon := 0.0, 0.0 // which only DepS has
	if c.Strategy == DepS {
		warmup, epsilon = float64(c.Epochs)/2, min(5, float64(c.Epochs)/20)
	}
	if c.WarmupEpochs == Auto {
		c.WarmupEpochs = warmup
	}
	if c.EpsilonEpochs == Auto {
		c.EpsilonEpochs = min(epsilon, c.WarmupEpochs)
	}
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
			return fmt.Errorf("%w: %s is %v, expected %v to %v", ErrConfig, f.name, f.v, f.lo, f.hi)
		}
	}
	return nil
}
