package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// settings are those of a row's training.
func (b *bench) settings(r row, seed uint64, stepsPerEpoch int) (trainer.Config, error) {
	c := b.config
	c.Seed, c.Strategy = seed, r.Strategy
	c.Sampling, c.Distill, c.Aggregation = r.Sampling, r.Distill, r.Aggregation
	c.Resolution = r.Resolution
	for _, one := range []struct{ into, v *float64 }{{&c.LR, &r.LR},
		{&c.Temperature, &r.Temperature}} {
		if *one.v != 0 {
			*one.into = *one.v
		}
	}
	if r.Networks != 0 {
		c.Networks = r.Networks
	}
	if r.EpsilonEpochs != nil {
		c.EpsilonEpochs = *r.EpsilonEpochs
	}
	if r.Phases != "" {
		var err error
		if c.Phases, err = trainer.LoadPhases(r.Phases); err != nil {
			return c, err
		}
	}
	setLength := func(epochs int) trainer.Config {
		c.Epochs = max(1, epochs)
		if r.Warmup != nil {
			c.WarmupEpochs = *r.Warmup * float64(c.Epochs)
		}
		return c
	}
	if !r.EqualCost {
		return setLength(int(math.Round(r.Budget * float64(b.config.Epochs)))), nil
	}
	return b.equal(setLength, stepsPerEpoch)
}

// equal is the length at which a training comes nearest to the cost of DepS.
func (b *bench) equal(at func(epochs int) trainer.Config, stepsPerEpoch int) (trainer.Config,
	error) {
	deps := b.config
	deps.Strategy = trainer.DepS
	want, err := deps.ImageMACs(b.space, stepsPerEpoch)
	if err != nil {
		return deps, err
	}
	cost := func(epochs int) float64 {
		v, costErr := at(epochs).ImageMACs(b.space, stepsPerEpoch)
		err = errors.Join(err, costErr)
		return v
	}
	over := 1 + sort.Search(maxTimes*b.config.Epochs,
		func(i int) bool { return err != nil || cost(i+1) > want })
	if under := over - 1; under > 0 && want-cost(under) < cost(over)-want {
		return at(under), err
	}
	return at(over), err
}

// maxTimes is how many times the epochs of DepS a training of its cost may have.
const maxTimes = 20

// open opens the images as trainings do, to count them, and fits the space to them.
func (b *bench) open() (stepsPerEpoch int, err error) {
	d, err := trainer.OpenData(b.data, trainer.DataOptions{Size: b.space.MaxResolution(),
		Train: max(b.trainImages, 0), Test: max(b.testImages, 0)})
	if err != nil {
		return 0, err
	}
	b.space = b.space.For(len(d.Classes), d.Channels)
	return d.Train.Len() / b.config.Batch, nil
}

// listRows prints what the rows cost.
func (b *bench) listRows(w io.Writer) error {
	steps, err := b.open()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "| row | strategy | epochs | 10^12 MACs times images |\n|---|---|---|---|")
	for _, r := range b.rows {
		c, err := b.settings(r, b.seeds[0], steps)
		if err != nil {
			return err
		}
		cost, err := c.ImageMACs(b.space, steps)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| %s | %s | %d | %.4g |\n", r.Name, c.Strategy, c.Epochs, cost/1e12)
	}
	return nil
}

// runAll does the rows that are missing, one after the other.
func (b *bench) runAll(ctx context.Context, results *results) error {
	steps, err := b.open()
	if err != nil {
		return err
	}
	for _, seed := range b.seeds {
		for _, r := range b.rows {
			c, err := b.settings(r, seed, steps)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Name, err)
			}
			if err := b.runRow(ctx, results, r, c, steps); err != nil {
				return fmt.Errorf("%s, seed %d: %w", r.Name, seed, err)
			}
		}
	}
	return nil
}

func (b *bench) runRow(ctx context.Context, results *results, r row, c trainer.Config,
	steps int) error {
	run, err := b.train(ctx, r, c)
	if err != nil {
		return err
	}
	one := result{Name: r.Name, Seed: c.Seed, Config: run.Info.Config, Space: b.space.Name,
		SpaceSHA256: b.space.SHA256(), DataSHA256: run.Info.Data.SHA256,
		Weights: run.State.WeightsSHA256, Seconds: run.State.Seconds,
		Measure: measure{b.points, b.random, b.top, b.samples, b.calibration}}
	if results.known(one) {
		return nil
	}
	if one.ImageMACs, err = c.ImageMACs(b.space, steps); err != nil {
		return err
	}
	if one.Validations, err = validations(run.Dir); err != nil {
		return err
	}
	if err := b.test(ctx, run, &one); err != nil {
		return err
	}
	return results.add(one)
}

// train does the training of a row, or goes on with it.
func (b *bench) train(ctx context.Context, r row, c trainer.Config) (*trainer.Run, error) {
	name := fmt.Sprintf("%s-epochs-%d-seed-%d", strings.Join(strings.FieldsFunc(r.Name,
		func(c rune) bool { return strings.ContainsRune(" ,%", c) }), "-"), c.Epochs, c.Seed)
	j := trainer.NewJob(filepath.Join(b.work, name), b.space, b.data)
	j.Config, j.Workers, j.Resume = c, b.workers, true
	j.TrainImages, j.TestImages = b.trainImages, b.testImages
	j.Progress = func(p trainer.Progress) {
		if m := p.Metric; m != nil && m.Top1Max != nil {
			fmt.Fprintf(os.Stderr, "%s: epoch %.4g of %d: %.2f %% largest, %.2f %% smallest\n", name,
				m.Epoch, c.Epochs, 100**m.Top1Max, 100**m.Top1Min)
		}
	}
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return nil, err
	}
	return trainer.Train(ctx, j)
}

// macs of a network.
func (b *bench) macs(a supernet.Arch) int64 {
	if b.knownMACs == nil {
		b.knownMACs = map[supernet.Arch]int64{}
	}
	if b.knownMACs[a] == 0 {
		b.knownMACs[a] = supernet.MACs(b.space.Blocks(a))
	}
	return b.knownMACs[a]
}
