package findings

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/trainer"
)

// trainWords are the command line of a training, with the flags that do not have their default.
// What a file said that the run does not name, the line calls FILE.
func trainWords(i *trainer.Info, out string) []string {
	c, d := i.Config, i.Data
	words := []string{"tailor train --space", shell(i.Space.Name), "--data", shell(d.Path),
		"--strategy", shell(string(c.Strategy)), fmt.Sprintf("--epochs %d --batch %d --lr %g",
			c.Epochs, c.Batch, c.LR)}
	words = append(words, dataWords(i)...)
	words = append(words, startWords(i)...)
	words = append(words, settingWords(c)...)
	if !i.OwnPhases() {
		words = append(words, "--phases FILE")
	}
	return append(words, fmt.Sprintf("--seed %d --out", c.Seed), shell(out))
}

// dataWords say which images, and how they are prepared.
func dataWords(i *trainer.Info) (words []string) {
	d := i.Data
	flag := func(given bool, format string, value any) {
		if given {
			words = append(words, fmt.Sprintf(format, value))
		}
	}
	flag(d.Train > 0, "--train-images %d", d.Train)
	flag(d.Test > 0, "--test-images %d", d.Test)
	flag(d.Holdout != 0, "--holdout %d", max(d.Holdout, 0))
	flag(d.SkipDamaged, "--skip-damaged%s", "")
	flag(d.Subset, "--classes %s", "FILE")
	flag(d.Size != i.Space.MaxResolution(), "--size %d", d.Size)
	return words
}

// startWords say what the training began with.
func startWords(i *trainer.Info) (words []string) {
	if i.Start == nil {
		return nil
	}
	words = []string{"--init", shell(i.Inputs["init"].Path)}
	if f := i.Config.Init.FreezeEpochs; f > 0 {
		words = append(words, fmt.Sprintf("--freeze-epochs %g", f))
	}
	if lr := i.Config.Init.LR; lr != trainer.InitDefaults().LR {
		words = append(words, fmt.Sprintf("--init-lr %g", lr))
	}
	return words
}

// settingWords are the settings that are not the strategy's own.
func settingWords(c trainer.Config) (words []string) {
	own := trainer.Defaults()
	own.Strategy, own.Epochs = c.Strategy, c.Epochs
	own, err := own.Complete()
	if err != nil {
		return nil
	}
	flag := func(name string, value, usual any) {
		if value != usual {
			words = append(words, fmt.Sprintf("--%s %v", name, value))
		}
	}
	flag("weight-decay", c.WeightDecay, own.WeightDecay)
	flag("label-smoothing", c.LabelSmoothing, own.LabelSmoothing)
	flag("warmup-epochs", c.WarmupEpochs, own.WarmupEpochs)
	flag("epsilon-epochs", c.EpsilonEpochs, min(own.EpsilonEpochs, c.WarmupEpochs))
	flag("networks", c.Networks, own.Networks)
	flag("temperature", c.Temperature, own.Temperature)
	flag("lr-warmup-epochs", c.LRWarmupEpochs, own.LRWarmupEpochs)
	flag("class-weights", shell(string(c.ClassWeights)), shell(string(own.ClassWeights)))
	flag("sampling", shell(string(c.Sampling)), shell(string(own.Sampling)))
	flag("resolution", shell(string(c.Resolution)), shell(string(own.Resolution)))
	flag("distill", shell(string(c.Distill)), shell(string(own.Distill)))
	flag("aggregation", shell(string(c.Aggregation)), shell(string(own.Aggregation)))
	flag("largest-multiplier", c.Multipliers.Largest, own.Multipliers.Largest)
	flag("smallest-multiplier", c.Multipliers.Smallest, own.Multipliers.Smallest)
	flag("random-multiplier", c.Multipliers.Random, own.Multipliers.Random)
	return append(words, augmentWords(c.Augment)...)
}

// augmentWords name a recipe that is not light: a preset, or a file.
func augmentWords(a trainer.Augment) []string {
	if a == trainer.Defaults().Augment {
		return nil
	}
	// of these names alone: any other would have a document choose a file to open
	if slices.Contains([]string{"none", "standard", "strong"}, a.Preset) {
		if preset, err := trainer.LoadAugment(a.Preset); err == nil && preset == a {
			return []string{"--augment", a.Preset}
		}
	}
	return []string{"--augment FILE"}
}
