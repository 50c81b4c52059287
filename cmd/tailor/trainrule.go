package main

import (
	"github.com/tailor-nas/tailor/trainer"
)

// ruleFlags say which networks take part in a step, and what each learns.
type ruleFlags struct {
	Sampling           string  `help:"Which networks random ones are: uniform draws every gene, compound couples depth and width as CompOFA does. Default compound with --strategy compofa, else uniform." enum:",uniform,compound" default:""`
	Resolution         string  `help:"own: each network of a step sees the images at its own resolution; batch: all at one that is drawn for each step. Default batch with progressive and compofa, else own." enum:",own,batch" default:""`
	Distill            string  `help:"Whose answers sub-networks learn: in-place (the largest network's of the step; deps and bignas), mixed (the same and the labels, half each), teacher (those of the frozen largest network, beside the labels; progressive and compofa), or none (the labels alone). Default not none." enum:",in-place,mixed,teacher,none" default:""`
	Aggregation        string  `help:"How gradients of a step become one: sum, avg (divided by the number of networks that have the weight) or avg-sqrt (by its root). Default sum." enum:",sum,avg,avg-sqrt" default:""`
	LargestMultiplier  float64 `help:"deps, bignas: weight of the largest network's gradient." default:"${train_largest_multiplier}" range:"${train_largest_multiplier_range}"`
	SmallestMultiplier float64 `help:"deps, bignas: weight of the smallest network's gradient." default:"${train_smallest_multiplier}" range:"${train_smallest_multiplier_range}"`
	RandomMultiplier   float64 `help:"deps, bignas: weight of each random network's gradient." default:"${train_random_multiplier}" range:"${train_random_multiplier_range}"`
	Phases             string  `help:"progressive, compofa: a YAML file of phases instead of those of the papers (docs/training.md)." type:"source"`
}

// apply puts the flags into a training's settings.
func (f *ruleFlags) apply(c *trainer.Config) (err error) {
	c.Sampling, c.Resolution = trainer.Sampling(f.Sampling), trainer.StepResolution(f.Resolution)
	c.Distill, c.Aggregation = trainer.Distill(f.Distill), trainer.Aggregation(f.Aggregation)
	c.Multipliers = trainer.Multipliers{Largest: f.LargestMultiplier,
		Smallest: f.SmallestMultiplier, Random: f.RandomMultiplier}
	if c.Multipliers == (trainer.Multipliers{}) {
		return usagef("--largest-multiplier, --smallest-multiplier and --random-multiplier are 0, so that nothing learns: expected one above 0")
	}
	phased := c.Strategy == trainer.Progressive || c.Strategy == trainer.CompOFA
	switch {
	case f.Phases == "":
		return nil
	case !phased:
		return usagef("--phases is of --strategy progressive and compofa, not of %s", c.Strategy)
	case c.LRWarmupEpochs > 0:
		return usagef("--phases and --lr-warmup-epochs do not go together: say lr_warmup_epochs in the file")
	}
	c.Phases, err = trainer.LoadPhases(f.Phases)
	return err
}

// uselessFlags lists flags that were given and the strategy has no use for.
func (c *trainCmd) uselessFlags() (all []string) {
	s := trainer.Strategy(c.Strategy)
	if s != trainer.DepS && c.WarmupEpochs != nil {
		all = append(all, "--warmup-epochs")
	}
	if s != trainer.DepS && c.EpsilonEpochs != nil {
		all = append(all, "--epsilon-epochs")
	}
	if s != trainer.DepS && s != trainer.BigNAS {
		for i, v := range []float64{c.LargestMultiplier, c.SmallestMultiplier,
			c.RandomMultiplier} {
			if v != 1 {
				all = append(all, []string{"--largest-multiplier", "--smallest-multiplier",
					"--random-multiplier"}[i])
			}
		}
	}
	if s == trainer.Full && c.Sampling != "" {
		all = append(all, "--sampling")
	}
	return all
}
