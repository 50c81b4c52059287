package reference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
)

// testLayer is a layer as the gradient check sees it.
type testLayer struct {
	bind     func(g *Graph, x Tensor) Tensor
	forward  func()
	backward func()
	params   *nn.Params
}

// layersUnderTest makes every layer at more than one active size.
func layersUnderTest() map[string]func(h, w, c int) testLayer {
	conv := func(size, stride, out, active int, act Act, eps float64) func(h, w, c int) testLayer {
		return func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			in := c
			if size == 1 {
				in = c + 3 // elastic
			}
			l := NewConv(p, "conv", size, stride, in, out, act, eps)
			return testLayer{func(g *Graph, x Tensor) Tensor {
				return l.Bind(g, x, active,
					Outer1)
			}, l.Forward, func() { l.Backward(true) }, p}
		}
	}
	depthwise := func(size, stride int, kernels []int, transforms bool, act Act) func(h, w,
		c int) testLayer {
		return func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			l := NewDepthwise(p, "dw", kernels, stride, c+2, transforms, act, 1e-5)
			return testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, size, Outer1) },
				l.Forward, l.Backward, p}
		}
	}
	biased := func(size, stride int, valid bool, act Act) func(h, w, c int) testLayer {
		return func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			l := NewBiased(p, "conv", size, stride, c, 7, valid, act)
			return testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, 7, Outer1) },
				l.Forward, func() { l.Backward(true) }, p}
		}
	}
	se := func(act, gate Act) func(h, w, c int) testLayer {
		return func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			l := NewSE(p, "se", c+2, 5, act, gate)
			return testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, 4, Outer1) },
				l.Forward, l.Backward, p}
		}
	}
	uneven := func(l testLayer, at **nn.Pads, pads nn.Pads) testLayer {
		*at = &pads
		return l
	}
	maxPool := func(size, stride int) func(h, w, c int) testLayer {
		return func(h, w, c int) testLayer {
			l := NewMaxPool(size, stride)
			return testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, Outer1) },
				l.Forward, l.Backward, &nn.Params{}}
		}
	}
	return map[string]func(h, w, c int) testLayer{
		"conv3x3 bias":       biased(3, 1, false, Identity),
		"conv5x5 valid relu": biased(5, 1, true, ReLU),
		"conv3x3 s2 valid":   biased(3, 2, true, HSwish),
		"1x1 s2 bias":        biased(1, 2, true, Identity),
		"conv3x3 s2 uneven": func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			l := NewBiased(p, "conv", 3, 2, c, 7, false, HSwish)
			layer := testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, 7, Outer1) },
				l.Forward, func() { l.Backward(true) }, p}
			return uneven(layer, &l.Pads, nn.Pads{Bottom: 1, Left: 2, Right: 1})
		},
		"depthwise 5 s2 uneven": func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			l := NewDepthwise(p, "dw", []int{3, 5, 7}, 2, c+2, false, HSwish, 1e-5)
			layer := testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, 5, Outer1) },
				l.Forward, l.Backward, p}
			return uneven(layer, &l.Pads, nn.Pads{Top: 1, Bottom: 2, Left: 2, Right: 1})
		},
		"max pool":      maxPool(2, 2),
		"max pool 3 s2": maxPool(3, 2),
		"linear of a map": func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			l := NewLinear(p, "linear", h*w*c, 5, ReLU)
			return testLayer{func(g *Graph, x Tensor) Tensor {
				return l.Bind(g, x.Flat(), 5,
					Outer1)
			}, l.Forward, func() { l.Backward(true) }, p}
		},
		"conv3x3":            conv(3, 1, 6, 6, Identity, 0),
		"conv3x3 s2 bn relu": conv(3, 2, 5, 5, ReLU, 1e-5),
		"1x1 elastic":        conv(1, 1, 7, 4, Identity, 0),
		"1x1 h-swish":        conv(1, 1, 7, 7, HSwish, 0),
		"1x1 bn h-swish":     conv(1, 1, 7, 5, HSwish, 1e-5),
		"1x1 bn relu6":       conv(1, 1, 7, 5, ReLU6, 1e-3),
		"depthwise 3":        depthwise(3, 1, []int{3}, false, Identity),
		"depthwise 5 of 7":   depthwise(5, 2, []int{3, 5, 7}, false, HSwish),
		"transform 7 to 3":   depthwise(3, 1, []int{3, 5, 7}, true, ReLU),
		"transform 7 to 5":   depthwise(5, 2, []int{3, 5, 7}, true, Identity),
		"linear": func(h, w, c int) testLayer {
			p := &nn.Params{Train: true}
			l := NewLinear(p, "linear", c, 5, Identity)
			return testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, 5, Outer1) },
				l.Forward, func() { l.Backward(true) }, p}
		},
		"se":             se(ReLU, HSigmoid),
		"se silu":        se(SiLU, Sigmoid),
		"1x1 bn silu":    conv(1, 1, 7, 5, SiLU, 1e-3),
		"depthwise silu": depthwise(5, 2, []int{3, 5, 7}, false, SiLU),
		"mean pool": func(h, w, c int) testLayer {
			l := &MeanPool{}
			return testLayer{func(g *Graph, x Tensor) Tensor { return l.Bind(g, x, Outer1) },
				l.Forward, l.Backward, &nn.Params{}}
		},
	}
}

// TestGradients compares the backward pass of every layer with central differences of a random
// linear function of its output, for a sample of inputs and weights.
func TestGradients(t *testing.T) {
	for name, make := range layersUnderTest() {
		t.Run(name, func(t *testing.T) {
			const n, h, w, c = 3, 6, 5, 4
			pool := nn.NewPool(2)
			defer pool.Close()
			l := make(h, w, c)
			r := rand.New(rand.NewPCG(1, 2))
			l.params.Init(3)
			for _, p := range l.params.List {
				for i := range p.Data {
					p.Data[i] += float32(r.NormFloat64() * 0.1)
				}
			}
			g := NewGraph(pool)
			g.Begin(n, Train)
			x := g.Tensor(h, w, c, Outer0)
			y := l.bind(g, x)
			g.End()
			fill(r, g.Data(x), 1)
			l.forward()
			projection := append([]float32(nil), g.Data(y)...)
			fill(r, projection, 1)
			loss := func() float64 {
				l.forward()
				var s float64
				for i, v := range g.Data(y) {
					s += float64(v) * float64(projection[i])
				}
				return s
			}
			copy(g.Grad(y), projection)
			l.backward()
			dx := append([]float32(nil), g.Grad(x)...)
			checkNumerically(t, "input", g.Data(x), dx, loss, r)
			for _, p := range l.params.List {
				checkNumerically(t, p.Name, p.Data, p.Grad, loss, r)
			}
		})
	}
}

func fill(r *rand.Rand, v []float32, std float64) {
	for i := range v {
		v[i] = float32(r.NormFloat64() * std)
	}
}

// checkNumerically compares the derivative along random directions, so that every entry takes part.
// A direction where two step sizes disagree crosses a kink of an activation and says nothing; most
// must be free of them.
func checkNumerically(t *testing.T, name string, v, grad []float32, loss func() float64,
	r *rand.Rand) {
	t.Helper()
	const directions = 8
	smooth := 0
	for trial := range directions {
		dir, old := make([]float32, len(v)), append([]float32(nil), v...)
		fill(r, dir, 1)
		var want, norm float64
		for i, d := range dir {
			want += float64(d) * float64(grad[i])
			norm += float64(grad[i]) * float64(grad[i])
		}
		slope := func(step float32) float64 {
			move := func(s float32) float64 {
				for i := range v {
					v[i] = old[i] + s*dir[i]
				}
				return loss()
			}
			d := (move(step) - move(-step)) / (2 * float64(step))
			copy(v, old)
			return d
		}
		bound := 0.01*math.Sqrt(norm) + 5e-3
		got, other := slope(2e-4), slope(1e-4)
		if math.Abs(got-other) > bound/2 {
			continue
		}
		smooth++
		if math.Abs(got-want) > bound {
			t.Errorf("%s, direction %d: backward gives %.5g, differences give %.5g (gradient norm %.3g)", name, trial, want, got, math.Sqrt(norm))
		}
	}
	if smooth < directions/4 {
		t.Errorf("%s: only %d of %d directions are smooth", name, smooth, directions)
	}
}

// TestSameBitsOnAnyWorkers runs every layer forward and backward on 1 to 4 workers.
func TestSameBitsOnAnyWorkers(t *testing.T) {
	for name, make := range layersUnderTest() {
		t.Run(name, func(t *testing.T) {
			var want string
			for workers := 1; workers <= 4; workers++ {
				got := runOnce(make, workers)
				if workers == 1 {
					want = got
				} else if got != want {
					t.Errorf("%d workers give other bits than 1", workers)
				}
			}
		})
	}
}

func runOnce(make func(h, w, c int) testLayer, workers int) string {
	pool := nn.NewPool(workers)
	defer pool.Close()
	l := make(9, 7, 5)
	l.params.Init(3)
	g := NewGraph(pool)
	g.Begin(11, Train)
	x := g.Tensor(9, 7, 5, Outer0)
	y := l.bind(g, x)
	g.End()
	r := rand.New(rand.NewPCG(5, 6))
	fill(r, g.Data(x), 1)
	l.forward()
	out := append([]float32(nil), g.Data(y)...)
	fill(r, g.Grad(y), 1)
	l.backward()
	text := bits(out) + bits(g.Grad(x))
	for _, p := range l.params.List {
		text += bits(p.Grad)
	}
	return text
}

func bits(v []float32) string {
	b := make([]uint32, len(v))
	for i, f := range v {
		b[i] = math.Float32bits(f)
	}
	return fmt.Sprint(b)
}
