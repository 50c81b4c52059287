package nn_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

// stack is a network without batch norm: convolutions that are padded and that are not, strides,
// windows that overlap and that leave an edge, every activation, a map that is flattened.
type stack struct {
	params nn.Params
	layers []interface {
		Forward()
		Backward()
	}
	input, logits, logitGrad []float32
}

// uneven is the padding of a convolution of a map of 2x3 by 3x3 with stride 2, as TensorFlow has
// it.
var uneven = nn.Pads{Bottom: 1, Left: 1, Right: 1}

const stackH, stackW, stackC, stackClasses = 13, 15, 3, 5

func newStack(pool *nn.Pool, n int) *stack {
	s := &stack{params: nn.Params{Train: true}}
	p, g := &s.params, nn.NewGraph(pool)
	a, b := nn.NewConv(p, "a", 3, 1, stackC, 5, nn.ReLU), nn.NewMaxPool(3, 2)
	c, d := nn.NewConv(p, "c", 3, 1, 5, 18, nn.Identity), nn.NewConv(p, "d", 1, 2, 18, 35,
		nn.SiLU)
	e, f := nn.NewConv(p, "e", 3, 2, 35, 4, nn.ReLU6), nn.NewLinear(p, "f", 8, 20, true, nn.HSwish)
	last := nn.NewLinear(p, "last", 20, stackClasses, true, nn.Identity)
	s.layers = append(s.layers, a, b, c, d, e, f, last)
	g.Begin(n, nn.Train)
	s.input = g.Input(stackH, stackW, stackC)
	x := a.Bind(g, g.InputVector(s.input, stackH*stackW*stackC), stackH, stackW,
		nn.Pads{Top: 1, Bottom: 1, Left: 1, Right: 1})
	x = d.Bind(g, c.Bind(g, b.Bind(g, x, stackH, stackW, 5), 6, 7, nn.Pads{}), 4, 5, nn.Pads{})
	x = last.Bind(g, f.Bind(g, e.Bind(g, x, 2, 3, uneven)))
	g.End()
	s.logits, s.logitGrad = x.Data, x.Grad
	return s
}

// newPlainStack is the same network of reference layers.
func newPlainStack(pool *nn.Pool, n int) *stack {
	s := &stack{params: nn.Params{Train: true}}
	p, g := &s.params, reference.NewGraph(pool)
	g.Begin(n, reference.Train)
	in := g.Input(stackH, stackW, stackC)
	x, slot := in, reference.Outer0
	conv := func(l *reference.Conv, out int) {
		x = l.Bind(g, x, out, slot)
		first := len(s.layers) == 0
		s.layers = append(s.layers, withInput{l, !first})
		slot ^= 1
	}
	conv(reference.NewBiased(p, "a", 3, 1, stackC, 5, false, nn.ReLU), 5)
	b := reference.NewMaxPool(3, 2)
	x = b.Bind(g, x, slot)
	s.layers, slot = append(s.layers, b), slot^1
	conv(reference.NewBiased(p, "c", 3, 1, 5, 18, true, nn.Identity), 18)
	conv(reference.NewBiased(p, "d", 1, 2, 18, 35, true, nn.SiLU), 35)
	e := reference.NewBiased(p, "e", 3, 2, 35, 4, false, nn.ReLU6)
	e.Pads = &uneven
	conv(e, 4)
	x = x.Flat()
	conv(reference.NewLinear(p, "f", 8, 20, nn.HSwish), 20)
	conv(reference.NewLinear(p, "last", 20, stackClasses, nn.Identity), stackClasses)
	g.End()
	s.input, s.logits, s.logitGrad = g.Data(in), g.Data(x), g.Grad(x)
	return s
}

// withInput is a reference layer that knows whether its input's gradient is wanted.
type withInput struct {
	l     *reference.Conv
	wants bool
}

func (w withInput) Forward()  { w.l.Forward() }
func (w withInput) Backward() { w.l.Backward(w.wants) }

// run draws values, goes forward and backward.
func (s *stack) run(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 6))
	s.params.Init(seed)
	for _, w := range s.params.List {
		for i := range w.Data {
			w.Data[i] += float32(r.NormFloat64() * 0.1)
		}
	}
	fill(r, s.input)
	for _, l := range s.layers {
		l.Forward()
	}
	fill(r, s.logitGrad)
	for _, l := range slices.Backward(s.layers) {
		l.Backward()
	}
}

// TestPlainLayersAgreeWithReference compares starting values, logits and the gradients of all
// parameters with the reference layers, whose own gradients are checked numerically.
func TestPlainLayersAgreeWithReference(t *testing.T) {
	for _, isa := range kernel.ISAs {
		t.Run(fmt.Sprint(isa), func(t *testing.T) {
			restore, err := kernel.Use(isa)
			if err != nil {
				t.Skip(err)
			}
			defer restore()
			pool := nn.NewPool(2)
			defer pool.Close()
			for _, n := range []int{1, 2, 9, 20} {
				got, want := newStack(pool, n), newPlainStack(pool, n)
				got.run(uint64(n))
				want.run(uint64(n))
				near32(t, fmt.Sprintf("batch of %d, logits", n), got.logits, want.logits)
				for i, w := range want.params.List {
					p := got.params.List[i]
					if p.Name != w.Name || p.Decay != w.Decay || !slices.Equal(p.Shape, w.Shape) ||
						!slices.Equal(p.Data, w.Data) {
						t.Fatalf("parameter %d is %s %v, or begins with other values than %s %v", i,
							p.Name, p.Shape, w.Name, w.Shape)
					}
					near32(t, fmt.Sprintf("batch of %d, gradient of %s", n, w.Name), p.Grad, w.Grad)
				}
			}
		})
	}
}

// TestPlainLayersAddGradients: a second backward pass adds the same again.
func TestPlainLayersAddGradients(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	s := newStack(pool, 9)
	s.run(1)
	once := map[string][]float32{}
	for _, p := range s.params.List {
		once[p.Name] = slices.Clone(p.Grad)
	}
	s.run(1)
	for _, p := range s.params.List {
		for i := range once[p.Name] {
			once[p.Name][i] *= 2
		}
		near32(t, "gradient of "+p.Name, p.Grad, once[p.Name])
	}
}
