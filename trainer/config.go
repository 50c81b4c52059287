package trainer

import (
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/internal/settings"
)

// ErrConfig is what every error about a setting wraps.
var ErrConfig = errors.New("bad training setting")

// Auto stands for a value that follows from other settings. What it became is recorded in the run.
const Auto = -1

// Config are the settings of a training run. Zero means zero: begin with [Defaults], and change
// what should differ. The tags say which numbers each may hold.
type Config struct {
	Strategy Strategy `json:"strategy"`
	Epochs   int      `json:"epochs" range:"1..1000000"` // T
	Batch    int      `json:"batch" range:"2..1048576"`  // images a step
	Seed     uint64   `json:"seed"`

	// LR is at the start of the cosine; Auto is [DefaultLR], and in a run with [Job.From] what
	// [InitDefaultLR] is for Batch.
	LR       float64 `json:"lr" range:"1e-9..1000"`
	Momentum float64 `json:"momentum" range:"0..0.9999"` // Nesterov; 0 is none
	// WeightDecay is not on batch norm and biases; 0 is none.
	WeightDecay    float64 `json:"weight_decay" range:"0..1"`
	LabelSmoothing float64 `json:"label_smoothing" range:"0..0.9"` // 0 is none

	// WarmupEpochs is W of DepS, the epoch at which shrinking is in full force; Auto is half of
	// Epochs. 0 shrinks from the start.
	WarmupEpochs float64 `json:"warmup_epochs"`
	// EpsilonEpochs is s of DepS, over which the sub-networks' learning rate rises before W; Auto
	// is 5, but at most a twentieth of Epochs, and at most W. With 0 they start at the full rate.
	EpsilonEpochs float64 `json:"epsilon_epochs"`
	// Networks is K, the networks a step once shrinking: largest, smallest, K-2 random.
	// Of Progressive and CompOFA it is the random networks a step of their last phases.
	Networks    int     `json:"networks" range:"2..64"`
	Temperature float64 `json:"temperature" range:"0.01..100"` // τ of the distillation

	Init Init `json:"init,omitzero"` // of a run with [Job.From]
	// LRWarmupEpochs is over how many epochs the learning rate of all networks rises from 0 to the
	// cosine; 0 begins with the whole rate.
	LRWarmupEpochs float64 `json:"lr_warmup_epochs,omitempty" range:"0..1000000"`
	// ClassWeights says how much the images of a class count; empty stands for none.
	ClassWeights ClassWeights `json:"class_weights,omitempty"`
	// Augment says what happens to training images at random; the zero value stands for light.
	Augment Augment `json:"augment,omitzero"`

	// Sampling, Resolution and Distill, where empty, are what the strategy's paper does; an empty
	// Aggregation is the sum.
	Sampling    Sampling       `json:"sampling,omitempty"`
	Resolution  StepResolution `json:"resolution,omitempty"`
	Distill     Distill        `json:"distill,omitempty"`
	Aggregation Aggregation    `json:"aggregation,omitempty"`
	Multipliers Multipliers    `json:"multipliers,omitzero"`
	// Phases are those of Progressive and CompOFA; nil are those of their papers, as far as the
	// space has choices for them.
	Phases []PhaseSettings `json:"phases,omitempty"`
}

const (
	// DefaultLR is the learning rate of a run that begins with random weights.
	DefaultLR = 0.1
	// InitDefaultLR is that of a run that begins with a trained network, for steps of InitLRBatch
	// images, and in proportion to them for others: the linear scaling rule (Goyal et al., 2017).
	InitDefaultLR = 0.03
	InitLRBatch   = 128
)

// Defaults are the settings of DepS on CIFAR, for 20 epochs.
func Defaults() Config {
	return Config{
		Strategy: DepS, Epochs: 20, Batch: 128, LR: Auto, Momentum: 0.9, WeightDecay: 3e-5,
		LabelSmoothing: 0.1,
		WarmupEpochs:   Auto, EpsilonEpochs: Auto, Networks: 4, Temperature: 1,
		ClassWeights: EqualWeights, Augment: lightAugment(), Multipliers: Multipliers{1, 1, 1},
	}
}

// Complete puts values in the place of [Auto], and checks.
func (c Config) Complete() (Config, error) {
	warmup, epsilon := 0.0, 0.0 // which only DepS has
	if c.Strategy == DepS {
		warmup, epsilon = float64(c.Epochs)/2, defaultEpsilon(c.Epochs)
	}
	if c.LR == Auto {
		c.LR = DefaultLR
	}
	if c.WarmupEpochs == Auto {
		c.WarmupEpochs = warmup
	}
	if c.EpsilonEpochs == Auto {
		c.EpsilonEpochs = min(epsilon, c.WarmupEpochs)
	}
	c.fillIn()
	return c, c.check()
}

// defaultEpsilon is s where nobody chose it and W leaves room for it.
func defaultEpsilon(epochs int) float64 { return min(5, float64(epochs)/20) }

func (c Config) check() error {
	if err := c.Strategy.check(); err != nil {
		return err
	}
	if err := settings.Check(c); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := settings.Check(c.Init); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := settings.Check(c.Multipliers); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := errors.Join(c.ClassWeights.check(), c.Augment.Check()); err != nil {
		return err
	}
	if err := c.checkOptions(); err != nil {
		return err
	}
	switch warmup, epsilon := c.WarmupEpochs, c.EpsilonEpochs; {
	case c.LRWarmupEpochs > float64(c.Epochs):
		return fmt.Errorf("%w: LR warm-up epochs is %v, expected 0 to %d", ErrConfig,
			c.LRWarmupEpochs, c.Epochs)
	case !(warmup >= 0 && warmup <= float64(c.Epochs)):
		return fmt.Errorf("%w: warm-up epochs is %v, expected 0 to %d", ErrConfig, warmup, c.Epochs)
	case !(epsilon >= 0 && epsilon <= warmup):
		return fmt.Errorf("%w: epsilon epochs is %v, expected 0 to %v", ErrConfig, epsilon, warmup)
	}
	return nil
}
