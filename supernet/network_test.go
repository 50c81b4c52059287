package supernet_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// netTexts are small spaces for running networks: with and without kernel transforms, the smallest,
// one with TensorFlow's padding, and one of EfficientNet's blocks.
var netTexts = []string{everything, strings.Replace(everything, "kernel_transform: true",
	"kernel_transform: false", 1), bare, tfEverything,
	efficient}

// newNet makes a supernet with weights that no initialisation has: transforms are not identities,
// batch norm is not neutral.
func newNet(t testing.TB, text string) *supernet.Supernet {
	t.Helper()
	net := supernet.New(parse(t, text), 1)
	r := newRand(11)
	for _, p := range weights.Params(net) {
		for i := range p.Data {
			p.Data[i] += float32(r.NormFloat64() * 0.1)
		}
	}
	return net
}

// runner makes a runner on a pool that ends with the test.
func runner(t testing.TB, workers int, net weights.Network) engine.Runner {
	t.Helper()
	pool := nn.NewPool(workers)
	t.Cleanup(pool.Close)
	return engine.NewRunner(net, pool)
}

// images gives a batch of n for the blocks, from a seed.
func images(blocks []supernet.Block, n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	x := make([]float32, n*blocks[0].In.Len())
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// forward binds and runs a network and gives a copy of its logits.
func forward(r engine.Runner, blocks []supernet.Block, mode nn.Mode, n int,
	seed uint64) []float32 {
	r.Bind(blocks, n, mode)
	copy(r.Input(), images(blocks, n, seed))
	return slices.Clone(r.Forward())
}

// calibrate measures statistics on two batches of unequal size.
func calibrate(r engine.Runner, blocks []supernet.Block) {
	forward(r, blocks, nn.Calibrate, 9, 1)
	r.Rebind(blocks, 4)
	copy(r.Input(), images(blocks, 4, 2))
	r.Forward()
	r.FinishCalibration()
}

// step is a forward and backward pass, with the gradient of the logits from a seed.
func step(r engine.Runner, blocks []supernet.Block, n int, seed uint64) (logits []float32) {
	logits = forward(r, blocks, nn.Train, n, seed)
	copy(r.LogitGrad(), logitGrad(len(logits), seed))
	r.Backward()
	return logits
}

func logitGrad(n int, seed uint64) []float32 {
	rnd, g := newRand(seed), make([]float32, n)
	for i := range g {
		g[i] = float32(rnd.NormFloat64())
	}
	return g
}

// gradients copies the gradients of all weights and zeroes them.
func gradients(net *supernet.Supernet) map[string][]float32 {
	all := map[string][]float32{}
	for _, p := range weights.Params(net) {
		all[p.Name] = slices.Clone(p.Grad)
		clear(p.Grad)
	}
	return all
}

// difference is the largest absolute one.
func difference(t testing.TB, a, b []float32) float64 {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d and %d values", len(a), len(b))
	}
	var d float64
	for i := range a {
		if math.IsNaN(float64(a[i])) || math.IsNaN(float64(b[i])) {
			t.Fatalf("value %d is %g and %g", i, a[i], b[i])
		}
		d = max(d, math.Abs(float64(a[i])-float64(b[i])))
	}
	return d
}

func largest(v []float32) (m float64) {
	for _, x := range v {
		m = max(m, math.Abs(float64(x)))
	}
	return m
}

// sampleArchs gives the extremes of a space and some networks in between.
func sampleArchs(s *supernet.Space, n int) []supernet.Arch {
	archs, r := []supernet.Arch{s.Min(), s.Max()}, newRand(5)
	for range n {
		archs = append(archs, s.Random(r))
	}
	return archs
}

// eachNet runs f on the supernets of netTexts.
func eachNet(t *testing.T, f func(t *testing.T, net *supernet.Supernet)) {
	for _, text := range netTexts {
		net := newNet(t, text)
		t.Run(fmt.Sprintf("%s, transforms %v, padding %q", net.Space.Name,
			net.Space.KernelTransform, net.Space.Padding), func(t *testing.T) { f(t, net) })
	}
}
