package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/supernet"
)

// shape is that of a 1x1 convolution of one image, or of a linear layer.
type shape struct {
	Pixels int `json:"pixels"`
	In     int `json:"in"`
	Out    int `json:"out"`
}

func (s shape) String() string { return fmt.Sprintf("%d->%d at %d", s.In, s.Out, s.Pixels) }

// allShapes are those of a network's layers whose zeros can be skipped, in order.
func allShapes(blocks []supernet.Block) (all []shape) {
	for _, b := range blocks {
		for _, o := range b.MustOps() {
			if w := o.WeightShape(); len(w) == 2 && !o.Gate {
				all = append(all, shape{o.Out.H * o.Out.W, w[0], w[1]})
			}
		}
	}
	return all
}

// shapes are the different ones.
func shapes(blocks []supernet.Block) (distinct []shape) {
	for _, s := range allShapes(blocks) {
		if !slices.Contains(distinct, s) {
			distinct = append(distinct, s)
		}
	}
	return distinct
}

// layer is what was measured of a shape.
type layer struct {
	shape
	DenseMS     float64     `json:"dense_ms"`
	DenseGFLOPS float64     `json:"dense_gflop_s"`
	FLOPs       int         `json:"flops"`            // of the dense product
	Bytes       int         `json:"weight_bytes"`     // dense
	Activations int         `json:"activation_bytes"` // read and written
	Gains       []layerGain `json:"gains"`
}

type layerGain struct {
	gain
	FLOPs   int  `json:"flops"` // with those that fill up steps
	Bytes   int  `json:"weight_bytes"`
	Skipped bool `json:"skips_zeros"` // by the engine's rule
}

func (b *bench) layers(ctx context.Context) (all []layer, err error) {
	for _, s := range shapes(b.space.Blocks(b.space.Max())) {
		l, err := b.layer(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func (b *bench) layer(ctx context.Context, s shape) (layer, error) {
	r := rand.New(rand.NewPCG(b.seed, uint64(s.In)<<32|uint64(s.Out)))
	x, y, scratch := normal(r, s.Pixels*s.In), make([]float32, s.Pixels*s.Out),
		make([]float32, kernel.SparseScratch(s.In, s.Out))
	l := layer{shape: s, FLOPs: 2 * s.Pixels * s.In * s.Out, Bytes: 4 * s.In * s.Out,
		Activations: 4 * s.Pixels * (s.In + s.Out)}
	var dense kernel.Packed
	dense.Pack(s.In, s.Out, normal(r, s.In*s.Out), s.Out)
	var subjects []func()
	for _, run := range runLengths {
		for _, zeros := range percents {
			weight := withZeros(r, s.In, s.Out, zeros, max(run, 1))
			packing, skipped := kernel.Faster(s.Pixels, s.In, s.Out, weight, s.Out)
			if !skipped {
				packing = obvious(s.Pixels, run)
			}
			w := &kernel.Sparse{}
			w.Pack(packing, s.In, s.Out, weight, s.Out)
			subjects = append(subjects,
				func() { kernel.ConvolveSparse(s.Pixels, x, w, y, scratch) })
			l.Gains = append(l.Gains, layerGain{
				gain: gain{Zeros: zeros, Run: run}, FLOPs: 2 * s.Pixels * w.Products(),
				Bytes: w.Bytes(), Skipped: skipped,
			})
		}
	}
	denseMS, timings, err := b.measure(ctx, func() {
		kernel.ConvolvePacked(s.Pixels, x, &dense, y,
			kernel.Output{}, nil)
	},
		subjects, 200*time.Microsecond, b.layerBudget)
	if err != nil {
		return l, fmt.Errorf("layer %v: %w", s, err)
	}
	l.DenseMS, l.DenseGFLOPS = denseMS, float64(l.FLOPs)/denseMS/1e6
	for i, t := range timings {
		g := &l.Gains[i]
		g.gain = gainOf(t, g.Zeros, g.Run)
	}
	return l, nil
}

// obvious is the packing made for such zeros.
func obvious(pixels, run int) kernel.Packing {
	switch {
	case run == 8:
		return kernel.Runs8
	case run == 16:
		return kernel.Runs16
	case pixels < 4:
		return kernel.Lanes
	}
	return kernel.Singles
}

// withZeros draws a matrix of which so many percent of the runs are zero.
func withZeros(r *rand.Rand, in, out, percent, run int) []float32 {
	w := normal(r, in*out)
	perRow := (out + run - 1) / run
	all := r.Perm(perRow * in)
	for _, i := range all[:len(all)*percent/100] {
		row, at := i/perRow, i%perRow*run
		clear(w[row*out:][at:min(at+run, out)])
	}
	return w
}

func normal(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}
