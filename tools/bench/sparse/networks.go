package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// network is what was measured of a whole network.
type network struct {
	Name    string  `json:"name"`
	DenseMS float64 `json:"dense_ms"`
	// Multiply-accumulates of one image: those with weights that have zeros, and the others.
	Skippable int64  `json:"skippable_macs"`
	Other     int64  `json:"other_macs"`
	Gains     []gain `json:"gains"`
	// Left is the time with hardly any weights (99 % zeros in runs of 16): what no sparse product
	// can make faster.
	Left float64 `json:"left_ms"`
}

// almostNone is the most zeros that a block may have.
const almostNone = 99

func (b *bench) networks(ctx context.Context) (all []network, err error) {
	names, archs := []string{"smallest", "largest"}, []supernet.Arch{b.space.Min(), b.space.Max()}
	r := rand.New(rand.NewPCG(b.seed, 1))
	for i := range b.random {
		names, archs = append(names, fmt.Sprintf("random %d", i+1)),
			append(archs, b.space.Random(r))
	}
	for i, a := range archs {
		n, err := b.network(ctx, names[i], b.space.Blocks(a))
		if err != nil {
			return nil, fmt.Errorf("%s network: %w", names[i], err)
		}
		all = append(all, n)
	}
	return all, nil
}

func (b *bench) network(ctx context.Context, name string, blocks []supernet.Block) (network,
	error) {
	n := network{Name: name}
	for _, s := range allShapes(blocks) {
		n.Skippable += int64(s.Pixels) * int64(s.In) * int64(s.Out)
	}
	n.Other = supernet.MACs(blocks) - n.Skippable
	// Both pools run in the caller. The weights are the same for the same zeros; dense time does
	// not depend on them.
	densePool, sparsePool := nn.NewPool(1), nn.NewPool(1)
	defer densePool.Close()
	defer sparsePool.Close()
	densePool.Dense = true
	dense, err := b.prepare(blocks, 90, 0, densePool)
	if err != nil {
		return n, err
	}
	var subjects []func()
	add := func(zeros, run int) {
		f, failed := b.prepare(blocks, zeros, run, sparsePool)
		if failed != nil {
			err = failed
		}
		subjects = append(subjects, f)
		n.Gains = append(n.Gains, gain{Zeros: zeros, Run: run})
	}
	for _, run := range runLengths {
		for _, zeros := range percents {
			add(zeros, run)
		}
	}
	add(almostNone, 16)
	if err != nil {
		return n, err
	}
	// Two dense runs at 30 GMAC/s or more fit in a sample: then each network runs once before its
	// sample, and finds its weights in the caches.
	sample := time.Duration(supernet.MACs(blocks)/15) * time.Nanosecond
	denseMS, timings, err := b.measure(ctx, dense, subjects, sample, b.networkBudget)
	if err != nil {
		return n, err
	}
	n.DenseMS = denseMS
	for i, t := range timings {
		n.Gains[i] = gainOf(t, n.Gains[i].Zeros, n.Gains[i].Run)
	}
	last := len(n.Gains) - 1
	n.Left, n.Gains = n.Gains[last].MS, n.Gains[:last]
	return n, nil
}

// prepare makes a network with zeros in all layers that may have some.
func (b *bench) prepare(blocks []supernet.Block, zeros, run int, pool *nn.Pool) (func(), error) {
	pruned := append([]supernet.Block(nil), blocks...)
	for i, block := range pruned {
		if len(allShapes(pruned[i:i+1])) > 0 {
			block.Zeros, block.Run = zeros, run
			pruned[i] = block
		}
	}
	net, err := supernet.NewSubnet(pruned, b.space.BNEps, b.seed)
	if err != nil {
		return nil, err
	}
	r := engine.NewRunner(net, pool)
	r.Bind(net.Blocks, 1, nn.Infer)
	copy(r.Input(), normal(rand.New(rand.NewPCG(b.seed, 2)), len(r.Input())))
	return func() { r.Forward() }, nil
}
