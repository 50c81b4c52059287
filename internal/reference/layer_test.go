package reference_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

// layer is a layer with its input and output, as bound.
type layer struct {
	graph    *reference.Graph
	params   *nn.Params
	x, y     reference.Tensor
	forward  func()
	backward func()
}

// shape is the input of a layer under test: n images of h x w with c channels.
type shape struct{ n, h, w, c int }

// bindConv binds a convolution of at to out channels.
func bindConv(g *reference.Graph, p *nn.Params, l *reference.Conv, mode reference.Mode, at shape,
	out int) *layer {
	return bind(g, p, mode, at, func(x reference.Tensor) reference.Tensor {
		return l.Bind(g, x, out,
			reference.Outer1)
	}, l.Forward, func() { l.Backward(true) })
}

func bindDepthwise(g *reference.Graph, p *nn.Params, l *reference.Depthwise, mode reference.Mode,
	at shape, size int) *layer {
	return bind(g, p, mode, at, func(x reference.Tensor) reference.Tensor {
		return l.Bind(g, x,
			size, reference.Outer1)
	}, l.Forward, l.Backward)
}

func bindSE(g *reference.Graph, p *nn.Params, l *reference.SE, mode reference.Mode, at shape,
	hidden int) *layer {
	return bind(g, p, mode, at, func(x reference.Tensor) reference.Tensor {
		return l.Bind(g, x,
			hidden, reference.Outer1)
	}, l.Forward, l.Backward)
}

func bind(g *reference.Graph, p *nn.Params, mode reference.Mode, at shape,
	to func(x reference.Tensor) reference.Tensor, forward, backward func()) *layer {
	g.Begin(at.n, mode)
	x := g.Tensor(at.h, at.w, at.c, reference.Outer0)
	y := to(x)
	g.End()
	return &layer{g, p, x, y, forward, backward}
}

// run feeds values and gradients drawn from a seed through the layer and gives copies of y and dx.
func (l *layer) run(seed uint64) (y, dx []float32) {
	r := rand.New(rand.NewPCG(seed, 0))
	normal(r, l.graph.Data(l.x))
	l.forward()
	y = slices.Clone(l.graph.Data(l.y))
	normal(r, l.graph.Grad(l.y))
	l.backward()
	return y, slices.Clone(l.graph.Grad(l.x))
}

func normal(r *rand.Rand, v []float32) {
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
}

// randomise gives every parameter values that no initialisation has.
func randomise(p *nn.Params, seed uint64) {
	p.Init(seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for _, w := range p.List {
		for i := range w.Data {
			w.Data[i] += float32(r.NormFloat64() * 0.2)
		}
	}
}

// equal compares two layers that should compute the same sums in the same order.
func equal(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: value %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// near compares with float64 results.
func near(t *testing.T, what string, got float32, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= tolerance*(1+math.Abs(want))) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// slice views an N-dimensional parameter as the part that a smaller one has: for every index of the
// small one, which element of the large one it is.
type slice struct {
	large []int
	small []int
	skip  []int // where the small one begins in each dimension
}

func (s slice) index(i int) int {
	at, step := 0, 1
	for d := len(s.small) - 1; d >= 0; d-- {
		at += (i%s.small[d] + s.skip[d]) * step
		i /= s.small[d]
		step *= s.large[d]
	}
	return at
}

// copyInto fills the small parameter from the large one.
func (s slice) copyInto(small, large *nn.Param) {
	for i := range small.Data {
		small.Data[i] = large.Data[s.index(i)]
	}
}

// checkGrad says that the large gradient is the small one in the slice and zero elsewhere.
func (s slice) checkGrad(t *testing.T, small, large *nn.Param) {
	t.Helper()
	want := make([]float32, len(large.Grad))
	for i, g := range small.Grad {
		want[s.index(i)] = g
	}
	equal(t, "gradient of "+large.Name, large.Grad, want)
}

// leading is the slice of the small parameter's size at the beginning of the large one; square
// kernels are centred.
func leading(small, large *nn.Param) slice {
	s := slice{large.Shape, small.Shape, make([]int, len(small.Shape))}
	if len(small.Shape) >= 3 {
		s.skip[0] = (large.Shape[0] - small.Shape[0]) / 2
		s.skip[1] = (large.Shape[1] - small.Shape[1]) / 2
	}
	return s
}
