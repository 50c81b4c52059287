package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

const (
	seed  = 1
	batch = 16 // images of a training step
	giga  = 1e9
)

func allSubjects() (all []subject, err error) {
	for _, s := range []struct{ m, n, k int }{{1024, 96, 16}, {256, 40, 240}, {64, 960, 160}} {
		all = append(all, products(s.m, s.n, s.k)...)
	}
	for _, s := range []struct{ size, kernel, c int }{{32, 3, 96}, {16, 5, 240}, {8, 7, 480}} {
		all = append(all, depthwise(s.size, s.kernel, s.c)...)
	}
	all = append(all, rows()...)
	networks, err := networks()
	return append(all, networks...), err
}

// products are a 1x1 convolution of m pixels and its weight gradient.
func products(m, n, k int) []subject {
	x, w, y, dw := normal(m*k), normal(k*n), normal(m*n), make([]float32, k*n)
	shape, amount := fmt.Sprintf("%d pixels, %d to %d channels", m, k, n), 2*float64(m*n*k)/giga
	return []subject{
		{"product, " + shape, "GFLOP/s", amount, func() func() {
			var p kernel.Packed
			p.Pack(k, n, w, n)
			return func() { kernel.MulPacked(m, x, k, &p, y, n, false, nil) }
		}},
		{"its weight gradient", "GFLOP/s", amount, func() func() {
			return func() { kernel.MulTN(k, n, m, x, k, y, n, dw, n, nil) }
		}},
	}
}

// depthwise is a convolution of stride 1 and its weight gradient.
func depthwise(size, k, c int) []subject {
	g := kernel.Padded{Window: kernel.NewWindow(size, size, k, 1), C: c}
	x, w, y, dw := normal(g.Len()), normal(k*k*c), normal(g.OH*g.OW*c), make([]float32, k*k*c)
	amount := 2 * float64(g.OH*g.OW*k*k*c) / giga
	return []subject{
		{fmt.Sprintf("depthwise %dx%d, %dx%d pixels, %d channels", k, k, size, size, c), "GFLOP/s",
			amount, func() func() { return func() { g.Convolve(y, x, w, nil) } }},
		{"its weight gradient", "GFLOP/s", amount, func() func() {
			return func() { g.WeightGradient(dw, x, y, g.OW*c, c, nil) }
		}},
	}
}

// rows are passes over a tile that the caches hold.
func rows() (all []subject) {
	const rows, c = 128, 96
	x, d, y, coef := normal(rows*c), normal(rows*c), make([]float32, rows*c), normal(c)
	add := func(name string, bytes int, f func()) {
		all = append(all, subject{name, "GB/s", float64(bytes) * rows * c / giga,
			func() func() { return f }})
	}
	for _, act := range []struct {
		name string
		act  kernel.Act
	}{{"relu", kernel.ReLU}, {"h-swish", kernel.HSwish}, {"silu", kernel.SiLU}} {
		add("scale, shift and "+act.name, 8, func() { kernel.Map(y, x, coef, coef, act.act) })
		norm := kernel.Norm{Mean: coef, InvStd: coef, Scale: coef, Shift: coef, Act: act.act}
		var sums kernel.Sums
		sums.Begin(make([]float64, c), make([]float64, c), make([]float32, 2*c))
		add("gradient through "+act.name+" with sums", 12,
			func() { norm.Gradient(y, d, x, &sums, false) })
	}
	add("gradient of a convolution's output", 12,
		func() { kernel.Combine(y, x, d, coef, coef, coef) })
	return all
}

// networks are the largest network of mbv3-cifar: an image through it, and a training step without
// the optimiser.
func networks() ([]subject, error) {
	space, err := supernet.LoadSpace("mbv3-cifar")
	if err != nil {
		return nil, err
	}
	blocks := space.Blocks(space.Max())
	net, err := supernet.NewSubnet(blocks, space.BNEps, seed)
	if err != nil {
		return nil, err
	}
	super := supernet.New(space, seed)
	pool := nn.NewPool(1) // runs in the caller
	return []subject{
		{"largest network, one image", "images/s", 1, func() func() {
			r := engine.NewRunner(net, pool)
			r.Bind(net.Blocks, 1, nn.Infer)
			copy(r.Input(), normal(len(r.Input())))
			return func() { r.Forward() }
		}},
		{fmt.Sprintf("training it, %d images a step", batch), "images/s", batch, func() func() {
			r := engine.NewRunner(super, pool)
			return func() {
				r.Bind(blocks, batch, nn.Train)
				copy(r.Input(), normal(len(r.Input())))
				copy(r.LogitGrad(), r.Forward())
				r.Backward()
			}
		}},
	}, nil
}

func normal(n int) []float32 {
	r, v := rand.New(rand.NewPCG(seed, 1)), make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}
