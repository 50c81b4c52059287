package regress

import (
	"math"
	"slices"
	"testing"
)

// newTestGraph has a random batch, the last row of which is padding.
func newTestGraph(t *testing.T, sizes []int, batch int) (*MLP, *graph) {
	t.Helper()
	n, r := randomMLP(sizes, 3)
	g, err := newGraph(n, batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.close() })
	copy(g.x, randomRow(r, len(g.x)))
	for i := range batch {
		g.y[i], g.weight[i] = float32(r.NormFloat64()), r.Float32()
	}
	if batch > 1 {
		g.weight[batch-1] = 0
	}
	return n, g
}

// loss is what the graph differentiates, in float64.
func (g *graph) loss(n *MLP) (sum float64) {
	for i, w := range g.weight {
		residual := plainForward(n, g.x[i*n.Sizes[0]:(i+1)*n.Sizes[0]]) - float64(g.y[i])
		sum += float64(w) * residual * residual
	}
	return sum
}

func TestGorgoniaAgreesWithForward(t *testing.T) {
	for _, sizes := range [][]int{{1, 1}, {6, 4, 1}, {60, 64, 64, 1}} {
		for _, batch := range []int{1, 5, 32} {
			n, g := newTestGraph(t, sizes, batch)
			outputs, err := g.run(make([]float32, len(n.Weights)))
			if err != nil {
				t.Fatal(err)
			}
			scale := 0.0 // an output near 0 is a difference of large numbers
			for _, v := range outputs {
				scale = max(scale, math.Abs(float64(v)))
			}
			for i, got := range outputs {
				want := output(n, g.x[i*sizes[0]:(i+1)*sizes[0]])
				if math.Abs(float64(got-want)) > 1e-6*scale {
					t.Errorf("sizes %v, row %d of %d: gorgonia %v, forward %v", sizes, i, batch,
						got, want)
				}
			}
		}
	}
}

func TestGorgoniaGradientIsNumerical(t *testing.T) {
	for _, sizes := range [][]int{{3, 1}, {4, 5, 1}, {6, 7, 5, 1}} {
		for _, batch := range []int{1, 4} {
			n, g := newTestGraph(t, sizes, batch)
			gradient := make([]float32, len(n.Weights))
			if _, err := g.run(gradient); err != nil {
				t.Fatal(err)
			}
			for i := range n.Weights {
				const h = 1e-3
				w := n.Weights[i]
				n.Weights[i] = w + h
				up, high := g.loss(n), float64(n.Weights[i])
				n.Weights[i] = w - h
				want := (up - g.loss(n)) / (high - float64(n.Weights[i]))
				n.Weights[i] = w
				if math.Abs(float64(gradient[i])-want) > 1e-3*(1+math.Abs(want)) {
					t.Errorf("sizes %v, batch %d, weight %d: gradient %v, numerically %v", sizes,
						batch, i, gradient[i], want)
				}
			}
		}
	}
}

func TestGraphSeesChangesInPlace(t *testing.T) {
	n, g := newTestGraph(t, []int{6, 8, 1}, 4)
	first, second, third := make([]float32, len(n.Weights)), make([]float32, len(n.Weights)),
		make([]float32, len(n.Weights))
	weights, x := slices.Clone(n.Weights), slices.Clone(g.x)
	run := func(gradient []float32) float32 {
		t.Helper()
		outputs, err := g.run(gradient)
		if err != nil {
			t.Fatal(err)
		}
		return outputs[0]
	}
	before := run(first)
	if !slices.Equal(n.Weights, weights) || !slices.Equal(g.x, x) {
		t.Fatal("a run changes its inputs")
	}
	n.scaleOutput(2)
	if after := run(second); !near(float64(after), 2*float64(before), 1e-6) {
		t.Errorf("output %v after doubling, %v before", after, before)
	}
	n.scaleOutput(0.5)
	if again := run(third); again != before || !slices.Equal(first, third) {
		t.Error("a run depends on those before it")
	}
}

func TestPaddingWeighsNothing(t *testing.T) {
	n, g := newTestGraph(t, []int{6, 8, 1}, 4)
	want, got := make([]float32, len(n.Weights)), make([]float32, len(n.Weights))
	if _, err := g.run(want); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		g.x[3*6+i] = 9
	}
	g.y[3] = -100
	if _, err := g.run(got); err != nil || !slices.Equal(got, want) {
		t.Errorf("padding changes the gradient (%v)", err)
	}
}

func TestGradientOfWrongLength(t *testing.T) {
	for _, n := range []int{0, 3, 1000} {
		_, g := newTestGraph(t, []int{6, 8, 1}, 4)
		if _, err := g.run(make([]float32, n)); err == nil {
			t.Errorf("no error for room for %d gradients", n)
		}
	}
}

func TestGorgoniaPanicsAreErrors(t *testing.T) {
	if _, err := newGraph(&MLP{Sizes: []int{3, -1}, Weights: nil}, 2); err == nil {
		t.Error("no error for a layer that cannot be")
	}
}
