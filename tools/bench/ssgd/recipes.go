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

// scaled is SSGD with a measure and an epsilon that falls, and with λ as a decay that is not scaled.
func scaled(name string, m trainer.Measure, p, from, to, decay float64) setting {
	return setting{name, func(c *prune.Config) {
		c.Optimizer.Scaling = trainer.Scaling{Measure: m, P: p, Epsilon: from, EpsilonEnd: to}
		c.Optimizer.WeightDecay = decay
	}}
}

func decayed(name string, lr, decay float64) setting {
	return setting{name, func(c *prune.Config) { c.LR *= lr; c.Optimizer.WeightDecay = decay }}
}

func penalized(name string, lambda, decay float64) setting {
	return setting{name, func(c *prune.Config) { c.Optimizer.Lambda, c.Optimizer.WeightDecay = lambda, decay }}
}

func powered(name string, alpha, lr, decay float64) setting {
	return setting{name, func(c *prune.Config) { c.Optimizer.Alpha, c.LR, c.Optimizer.WeightDecay = alpha, c.LR*lr, decay }}
}

// recipesFor lists the recipes, each with four settings. The weight decay that suits a network is d.
func recipesFor(network string, structure supernet.Structure) []recipe {
	d := map[string]float64{"lenet-300-100": 2e-4, "lenet-5-caffe": 5e-4}[network]
	if d == 0 {
		d = 1e-4
	}
	magnitude := []setting{
		decayed("decay d", 1, d), decayed("decay 2.5 d", 1, 2.5*d), decayed("decay d/4", 1, d/4), decayed("decay d, rate x2", 2, d),
	}
	ssgd := []setting{
		scaled("p 1, eps .1", trainer.PNorm, 1, .1, .1, d), scaled("p 1, eps 1 to .1", trainer.PNorm, 1, 1, .1, d),
		scaled("log-l2, eps 1 to .1", trainer.LogL2, 0, 1, .1, d), scaled("p 1, eps .1, lambda 0", trainer.PNorm, 1, .1, .1, 0),
	}
	l1 := []setting{
		penalized("lambda 1e-6", 1e-6, d), penalized("lambda 1e-5", 1e-5, d), penalized("lambda 3e-5", 3e-5, d), penalized("lambda 1e-4", 1e-4, 0),
	}
	power := []setting{
		powered("alpha 1.5", 1.5, 1, d), powered("alpha 2", 2, 1, d), powered("alpha 2, rate x2", 2, 2, d), powered("alpha 3", 3, 1, d),
	}
	all := []recipe{
		{"magnitude", prune.Magnitude, false, magnitude}, {"ssgd", prune.SSGD, false, ssgd}, {"l1", prune.L1, false, l1},
		{"powerprop", prune.Powerprop, false, power}, {"one-shot", prune.OneShot, true, magnitude}, {"ssgd one-shot", prune.SSGD, true, ssgd},
		{"l1 one-shot", prune.L1, true, l1}, {"powerprop one-shot", prune.Powerprop, true, power},
	}
	if structure == supernet.Channels {
		return all[:3] // SSGD in its group form, OFA's order by L1 norm, and that after an l1 penalty
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
	if r.oneShot {
		c.Begin, c.End = 1, 1
	}
	s.set(&c)
	return c
}
