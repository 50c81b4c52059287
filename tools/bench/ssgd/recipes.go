package main

import (
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// recipe is a way to prune, and the settings of it that are tried.
type recipe struct {
	name     string
	method   prune.Method
	oneShot  bool // everything goes at the end, and what is left is not trained again
	settings []setting
}

// setting changes what all settings of a recipe have in common.
type setting struct {
	name string
	set  func(c *prune.Config)
}

// scaled is SSGD with a measure and an epsilon that falls, at some times the rate, and with λ as a
// decay that is not scaled.
func scaled(name string, m trainer.Measure, p, from, to, rate, decay float64) setting {
	return setting{name, func(c *prune.Config) {
		c.Optimizer.Scaling = trainer.Scaling{Measure: m, P: p, Epsilon: from, EpsilonEnd: to}
		c.LR *= rate
		c.Optimizer.WeightDecay = decay
	}}
}

func decayed(name string, rate, decay float64) setting {
	return setting{name, func(c *prune.Config) { c.LR *= rate; c.Optimizer.WeightDecay = decay }}
}

func penalized(name string, lambda, rate, decay float64) setting {
	return setting{name, func(c *prune.Config) {
		c.Optimizer.Lambda, c.LR,
			c.Optimizer.WeightDecay = lambda, c.LR*rate, decay
	}}
}

func powered(name string, alpha, rate, decay float64) setting {
	return setting{name, func(c *prune.Config) {
		c.Optimizer.Alpha, c.LR,
			c.Optimizer.WeightDecay = alpha, c.LR*rate, decay
	}}
}

// costly removes what the loss is expected to suffer least from, and exchanges some of what is
// left.
func costly(name string, rate, decay, regrow float64) setting {
	return setting{name, func(c *prune.Config) {
		c.Criterion, c.Regrow = prune.Fisher, regrow
		c.LR, c.Optimizer.WeightDecay = c.LR*rate, decay
	}}
}

// recipesFor lists the recipes, each with six settings. The weight decay that suits a network is d.
func recipesFor(network string, structure supernet.Structure) []recipe {
	d := map[string]float64{"lenet-300-100": 2e-4, "lenet-5-caffe": 5e-4}[network]
	if d == 0 {
		d = 1e-4
	}
	magnitude := []setting{
		decayed("decay d", 1, d), decayed("decay 2.5 d", 1, 2.5*d), decayed("decay d/4", 1, d/4),
		decayed("decay d, rate x2", 2, d),
		decayed("decay 5 d", 1, 5*d), decayed("decay 2.5 d, rate /2", .5, 2.5*d),
	}
	ssgd := []setting{
		scaled("p 1, eps .1, decay d", trainer.PNorm, 1, .1, .1, 1, d),
		scaled("p 1, eps .1, decay 5 d", trainer.PNorm, 1, .1, .1, 1, 5*d),
		scaled("p 1, eps 1 to .1, decay d", trainer.PNorm, 1, 1, .1, 1, d),
		scaled("p .5, eps .1, decay d, rate /2", trainer.PNorm, .5, .1, .1, .5, d),
		scaled("log-l2, eps 1 to .1, decay 2.5 d, rate /4", trainer.LogL2, 0, 1, .1, .25, 2.5*d),
		scaled("p 1, eps .1, lambda 0", trainer.PNorm, 1, .1, .1, 1, 0),
	}
	// What is removed at once must have become small before: that takes a smaller epsilon, and more
	// decay.
	atOnce := []setting{
		scaled("p 1, eps .1, decay 5 d", trainer.PNorm, 1, .1, .1, 1, 5*d),
		scaled("p 1, eps .03, decay 10 d", trainer.PNorm, 1, .03, .03, 1, 10*d),
		scaled("p 1, eps .1 to .01, decay 10 d", trainer.PNorm, 1, .1, .01, 1, 10*d),
		scaled("p 1, eps .1 to .001, decay 10 d", trainer.PNorm, 1, .1, .001, 1, 10*d),
		scaled("p 1, eps .001, decay 10 d", trainer.PNorm, 1, .001, .001, 1, 10*d),
		scaled("p 1, eps .1 to .001, decay 20 d", trainer.PNorm, 1, .1, .001, 1, 20*d),
	}
	l1 := []setting{
		penalized("lambda 1e-6, decay d", 1e-6, 1, d), penalized("lambda 1e-5, decay d", 1e-5, 1,
			d), penalized("lambda 3e-5, decay d", 3e-5, 1, d),
		penalized("lambda 1e-4", 1e-4, 1, 0), penalized("lambda 3e-4", 3e-4, 1, 0),
		penalized("lambda 3e-5, decay d, rate x2", 3e-5, 2, d),
	}
	power := []setting{
		powered("alpha 2, decay d", 2, 1, d), powered("alpha 2, decay 5 d", 2, 1, 5*d),
		powered("alpha 2, decay d, rate x2", 2, 2, d),
		powered("alpha 2, decay d, rate /2", 2, .5, d), powered("alpha 3, decay d, rate /2", 3, .5,
			d), powered("alpha 4, decay d, rate /4", 4, .25, d),
	}
	fisher := []setting{
		costly("decay d", 1, d, 0), costly("decay 2.5 d", 1, 2.5*d, 0),
		costly("decay d, rate x2", 2, d, 0), costly("decay d, regrow .1", 1, d, .1),
		costly("decay 2.5 d, regrow .1", 1, 2.5*d, .1),
		costly("decay d, regrow .1, rate x2", 2, d, .1),
	}
	all := []recipe{
		{"magnitude", prune.Magnitude, false, magnitude}, {"ssgd", prune.SSGD, false, ssgd},
		{"l1", prune.L1, false, l1},
		{"powerprop", prune.Powerprop, false, power}, {"fisher", prune.Magnitude, false, fisher},
		{"one-shot", prune.OneShot, true, magnitude},
		{"ssgd one-shot", prune.SSGD, true, atOnce},
		{"l1 one-shot", prune.L1, true, l1}, {"powerprop one-shot", prune.Powerprop, true, power},
	}
	if structure == supernet.Channels {
		// SSGD in its group form, OFA's order by L1 norm, and that after an l1 penalty
		return all[:3]
	}
	return all
}

// config is a recipe's setting for a network.
func (b *bench) config(r recipe, s setting, sparsity float64, seed uint64) prune.Config {
	c := prune.Defaults(r.method, b.structure)
	c.Epochs, c.Sparsity, c.Seed, c.Shift, c.Distill = b.epochs, sparsity, seed, b.shift, b.distill
	if b.network != "" {
		c.Batch, c.Flip, c.Criterion, c.LR, c.Begin, c.End = 100, false, prune.Global, 0.1, 0.1, 0.5
		if b.network == "lenet-5-caffe" {
			c.LR = 0.02
		}
	}
	if b.rate > 0 {
		c.LR = b.rate
	}
	if b.end > 0 {
		c.End, c.Hold = b.end, b.end
	}
	if b.criterion != "" {
		c.Criterion = prune.Criterion(b.criterion)
	}
	if b.regrow > 0 {
		c.Regrow = b.regrow
	}
	if r.oneShot {
		c.Begin, c.End = 1, 1
		if c.Criterion == prune.Fisher { // what is cut after training has no gradients
			c.Criterion = prune.LAMP
		}
	}
	s.set(&c)
	return c
}
