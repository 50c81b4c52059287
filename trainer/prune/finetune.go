package prune

import (
	"fmt"
	"math"
	"strings"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/standalone"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Finetune is plain training of what is there: nothing is removed. What is zero stays zero, as in
// all other methods.
const Finetune Method = "finetune"

// FinetuneDefaults are the settings of it for a network that is already trained.
func FinetuneDefaults() Config {
	c := Defaults(Magnitude, supernet.Weights)
	c.Method, c.Criterion, c.Hold, c.Distill, c.LabelSmoothing = Finetune, LAMP, 0, 0, 0.1
	return c
}

// run is what a run of the method is called.
func (m Method) run() string {
	if m == Finetune {
		return "fine-tuning run"
	}
	return "pruning run"
}

// command is the command that does it.
func (m Method) command() string {
	if m == Finetune {
		return "tailor finetune"
	}
	return "tailor prune"
}

// checkFreeze refuses to freeze for longer than training lasts.
func (c Config) checkFreeze() error {
	if c.FreezeEpochs > float64(c.Epochs) {
		return fmt.Errorf("%w: freeze epochs is %g, expected 0 to %d", trainer.ErrConfig,
			c.FreezeEpochs, c.Epochs)
	}
	return nil
}

// checkAugment refuses augmentation that does not exist, or that a method has not.
func (c Config) checkAugment() error {
	switch {
	case c.Augment == (trainer.Augment{}):
		return nil
	case c.Method != Finetune:
		return fmt.Errorf("%w: augmentation is of fine-tuning alone: shift and flip are what %s has",
			trainer.ErrConfig, c.Method)
	}
	return c.Augment.Check()
}

// augment is what happens to training images; that of [trainer.Defaults] is what shift and flip do.
func (c Config) augment() trainer.Augment {
	if c.Augment == (trainer.Augment{}) {
		return trainer.Defaults().Augment
	}
	return c.Augment
}

// differences says how the settings of a run differ from those that are asked for.
func (c Config) differences(want Config) string {
	if what := c.augment().Differences(want.augment()); what != "" {
		return what
	}
	c.Augment, want.Augment = trainer.Augment{}, trainer.Augment{} // no flag says one of its values
	return settings.Differences(c, want)
}

// prepareMovers makes what moves the weights: all of them and, as long as the rest is frozen, those
// of the classifier.
func (p *pruning) prepareMovers(net *supernet.Subnet, structure standalone.Structure) error {
	var err error
	o, pool := p.config.Optimizer, p.net.Pool()
	if p.mover, err = standalone.NewMover(o, structure, trained(net), pool); err != nil {
		return err
	}
	if p.config.FreezeEpochs > 0 {
		p.classifier, err = standalone.NewMover(o, standalone.Structure{}, classifier(net), pool)
	}
	return err
}

// classifier lists the parameters of the last block.
func classifier(net *supernet.Subnet) (all []*nn.Param) {
	block := net.Blocks[len(net.Blocks)-1].Name + "."
	for _, param := range trained(net) {
		if strings.HasPrefix(param.Name, block) {
			all = append(all, param)
		}
	}
	return all
}

// moverAt is what moves the weights at a step.
func (p *pruning) moverAt(step int) *standalone.Mover {
	frozen := int(math.Round(p.config.FreezeEpochs * float64(p.loader.Batches())))
	if step < frozen {
		return p.classifier
	}
	return p.mover
}
