package trainer

import (
	"cmp"
	"fmt"
	"slices"
)

// Sampling says which networks random ones are drawn from.
type Sampling string

const (
	// Uniform draws every gene by itself.
	Uniform Sampling = "uniform"
	// Compound couples depth and width: a deep stage is a wide one (CompOFA, Sahni et al., ICLR
	// 2021).
	Compound Sampling = "compound"
)

// StepResolution says at which resolutions the networks of a step see the batch.
type StepResolution string

const (
	// OwnResolution is that of each network.
	OwnResolution StepResolution = "own"
	// BatchResolution is one for all, drawn for each step.
	BatchResolution StepResolution = "batch"
)

// Distill says whose answers sub-networks learn.
type Distill string

const (
	// InPlace has them learn the largest network's answers to the same batch, and no labels.
	InPlace Distill = "in-place"
	// Teacher has them learn the labels and the answers of the largest network as it was when they
	// began to train.
	Teacher Distill = "teacher"
	// Mixed has them learn labels and answers in place, half each.
	Mixed Distill = "mixed"
	// NoDistill has them learn the labels alone.
	NoDistill Distill = "none"
)

// Aggregation says how the gradients of a step's networks become that of a weight.
type Aggregation string

const (
	Sum Aggregation = "sum"
	// Avg divides by the number of networks that have the weight, AvgSqrt by its square root.
	Avg     Aggregation = "avg"
	AvgSqrt Aggregation = "avg-sqrt"
)

// Multipliers weigh the gradients of the networks of a step with in-place distillation. The zero
// value stands for 1 each.
type Multipliers struct {
	Largest  float64 `json:"largest_multiplier" range:"0..1000"`
	Smallest float64 `json:"smallest_multiplier" range:"0..1000"`
	Random   float64 `json:"random_multiplier" range:"0..1000"`
}

// fillIn puts what the strategy does where nobody chose, and what training did before there was a
// choice.
func (c *Config) fillIn() {
	sampling, resolution, distill := Uniform, OwnResolution, InPlace
	if c.Strategy.phased() {
		resolution, distill = BatchResolution, Teacher
	}
	if c.Strategy == CompOFA {
		sampling = Compound
	}
	c.Sampling = cmp.Or(c.Sampling, sampling)
	c.Resolution = cmp.Or(c.Resolution, resolution)
	c.Distill = cmp.Or(c.Distill, distill)
	c.Aggregation = cmp.Or(c.Aggregation, Sum)
	c.ClassWeights = cmp.Or(c.ClassWeights, EqualWeights)
	c.Multipliers = cmp.Or(c.Multipliers, Multipliers{1, 1, 1})
	c.Augment = cmp.Or(c.Augment, lightAugment())
}

// checkOptions refuses what is none, and what the strategy has no use for.
func (c Config) checkOptions() error {
	distills := []Distill{InPlace, Mixed, NoDistill}
	if c.Strategy.phased() {
		distills = []Distill{Teacher, NoDistill}
	}
	if err := one("sampling", c.Sampling, Uniform, Compound); err != nil {
		return err
	}
	if err := one("resolution", c.Resolution, OwnResolution, BatchResolution); err != nil {
		return err
	}
	if err := one("aggregation", c.Aggregation, Sum, Avg, AvgSqrt); err != nil {
		return err
	}
	if err := one("distill", c.Distill, distills...); err != nil {
		return fmt.Errorf("%w with strategy %s", err, c.Strategy)
	}
	return c.checkPhases()
}

// one refuses a value that is not among some.
func one[T ~string](name string, v T, all ...T) error {
	if slices.Contains(all, v) {
		return nil
	}
	return fmt.Errorf("%w: %s is %.40q, expected one of %v", ErrConfig, name, string(v), all)
}
