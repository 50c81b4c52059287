package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

// plain is the chain made of reference layers, one pass after the other.
type plain struct {
	params   nn.Params
	graph    *reference.Graph
	layers   []layer
	shortcut map[int][2]reference.Tensor // by index of the layer before it: what is added to what
	input    reference.Tensor
	logits   reference.Tensor
}

type layer interface {
	Forward()
	Backward(input bool)
}

// always drops the argument of layers whose backward pass has none.
type always struct {
	l interface {
		Forward()
		Backward()
	}
}

func (a always) Forward()      { a.l.Forward() }
func (a always) Backward(bool) { a.l.Backward() }

func newPlain(pool *nn.Pool, n int) *plain {
	p := &plain{params: nn.Params{Train: true}, graph: reference.NewGraph(pool),
		shortcut: map[int][2]reference.Tensor{}}
	g := p.graph
	g.Begin(n, reference.Train)
	p.input = g.Input(chainSide, chainSide, chainChannels)
	slot := reference.Outer0
	conv := func(name string, size, stride, in, full, out int, act reference.Act, eps float64,
		x reference.Tensor, s reference.Slot) reference.Tensor {
		l := reference.NewConv(&p.params, name, size, stride, in, full, act, eps)
		p.layers = append(p.layers, l)
		return l.Bind(g, x, out, s)
	}
	x := conv("stem", 3, 2, chainChannels, 8, 8, reference.HSwish, 1e-5, p.input, slot)
	add := func(name string, in, fullMid, mid, fullOut, out, stride, side int, kernels []int,
		transforms bool, fullHidden, hidden int, act reference.Act, expand, skip bool) {
		first := x
		if expand {
			x = conv(name+".expand", 1, 1, in, fullMid, mid, act, 1e-3, x, reference.Inner0)
		}
		d := reference.NewDepthwise(&p.params, name+".depthwise", kernels, stride, fullMid,
			transforms, act, 1e-5)
		if name == "b" {
			d.Pads = &nn.Pads{Top: side/2 - 1, Bottom: side / 2, Left: side/2 - 1, Right: side / 2}
		}
		p.layers = append(p.layers, always{d})
		x = d.Bind(g, x, side, reference.Inner1)
		if fullHidden > 0 {
			seAct, gate := excitation(act)
			se := reference.NewSE(&p.params, name+".se", fullMid, fullHidden, seAct, gate)
			p.layers = append(p.layers, always{se})
			x = se.Bind(g, x, hidden, reference.Inner0)
		}
		slot ^= 1
		x = conv(name+".project", 1, 1, fullMid, fullOut, out, reference.Identity, 1e-5, x, slot)
		if skip {
			p.shortcut[len(p.layers)-1] = [2]reference.Tensor{x, first}
		}
	}
	add("a", 8, 8, 8, 8, 8, 1, 3, []int{3}, false, 0, 0, reference.ReLU, false, true)
	add("b", 8, 40, 20, 12, 12, 2, 5, []int{3, 5, 7}, true, 12, 7, reference.HSwish, true, false)
	add("c", 12, 40, 17, 12, 12, 1, 3, []int{3, 5, 7}, true, 12, 5, reference.SiLU, true, true)
	add("d", 12, 24, 24, 12, 12, 1, 5, []int{5, 7}, false, 0, 0, reference.ReLU6, true, true)
	x = conv("last", 1, 1, 12, 20, 20, reference.HSwish, 1e-5, x, slot^1)
	pool2D := &reference.MeanPool{}
	p.layers = append(p.layers, always{pool2D})
	x = pool2D.Bind(g, x, slot)
	x = conv("mix", 1, 1, 20, 18, 18, reference.SiLU, 0, x, slot^1)
	linear := reference.NewLinear(&p.params, "classifier", 18, chainClasses, reference.Identity)
	p.layers = append(p.layers, linear)
	p.logits = linear.Bind(g, x, chainClasses, slot)
	g.End()
	return p
}

func (p *plain) forward() {
	for i, l := range p.layers {
		l.Forward()
		if s, ok := p.shortcut[i]; ok {
			p.graph.Add(s[0], s[1])
		}
	}
}

// backward goes through the layers; a shortcut's gradient is added when the block's first layer is
// through.
func (p *plain) backward() {
	first := map[int][2]reference.Tensor{1: p.shortcut[2], 7: p.shortcut[10], 11: p.shortcut[13]}
	for i := len(p.layers) - 1; i >= 0; i-- {
		p.layers[i].Backward(i > 0)
		if s, ok := first[i]; ok {
			p.graph.AddGrad(s[1], s[0])
		}
	}
}

// TestAgreesWithReference compares logits and the gradients of all parameters with the reference
// layers, whose own gradients are checked numerically and against PyTorch.
func TestAgreesWithReference(t *testing.T) {
	for _, isa := range kernel.ISAs {
		t.Run(fmt.Sprint(isa), func(t *testing.T) {
			restore, err := kernel.Use(isa)
			if err != nil {
				t.Skip(err)
			}
			defer restore()
			for _, n := range []int{1, 2, 9, 20} {
				agree(t, n)
			}
		})
	}
}

func agree(t *testing.T, n int) {
	pool, plainPool := nn.NewPool(2), nn.NewPool(1)
	defer pool.Close()
	defer plainPool.Close()
	c := newChain(pool)
	c.bind(n, nn.Train)
	p := newPlain(plainPool, n)
	from := c.params.ByName()
	for _, w := range p.params.List {
		if from[w.Name] == nil || len(from[w.Name].Data) != len(w.Data) {
			t.Fatalf("the chain has no parameter like %s", w.Name)
		}
		copy(w.Data, from[w.Name].Data)
	}
	r := rand.New(rand.NewPCG(uint64(n), 6))
	fill(r, c.input)
	copy(p.graph.Data(p.input), c.input)
	got := c.forward()
	p.forward()
	near32(t, fmt.Sprintf("batch of %d, logits", n), got, p.graph.Data(p.logits))
	fill(r, c.logits.Grad)
	copy(p.graph.Grad(p.logits), c.logits.Grad)
	c.backward()
	p.backward()
	for _, w := range p.params.List {
		near32(t, fmt.Sprintf("batch of %d, gradient of %s", n, w.Name), from[w.Name].Grad, w.Grad)
	}
}

// near32 compares relative to the largest value; the floor is for gradients that cancel to rounding
// errors, as those before a batch norm do.
func near32(t *testing.T, what string, got, want []float32) {
	t.Helper()
	most, diff := 1.0, 0.0
	for i, w := range want {
		most = max(most, math.Abs(float64(w)))
		diff = max(diff, math.Abs(float64(got[i])-float64(w)))
	}
	if !(diff <= 1e-4*most) {
		t.Errorf("%s: off by %.2g of %.2g", what, diff, most)
	}
}
