package regress

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// newTestBatch has random rows and weights of them.
func newTestBatch(sizes []int, rows int) (*MLP, *backprop) {
	n, r := randomMLP(sizes, 3)
	p := newBackprop(n, rows)
	copy(p.x, randomRow(r, len(p.x)))
	for i := range rows {
		p.y[i], p.weight[i] = float32(r.NormFloat64()), r.Float32()
	}
	return n, p
}

// loss is what is differentiated, in float64.
func (p *backprop) loss(n *MLP) (sum float64) {
	for i, w := range p.weight {
		residual := plainForward(n, p.x[i*n.Sizes[0]:][:n.Sizes[0]]) - float64(p.y[i])
		sum += float64(w) * residual * residual
	}
	return sum
}

// nearAll says whether numbers are near others, by the largest of these.
func nearAll(got, want []float32, tolerance float64) error {
	scale := 0.0
	for _, v := range want {
		scale = max(scale, math.Abs(float64(v)))
	}
	for i, v := range want {
		if !(math.Abs(float64(got[i]-v)) <= tolerance*scale) {
			return fmt.Errorf("number %d of %d is %v, want %v", i, len(want), got[i], v)
		}
	}
	return nil
}

// TestBackpropagation compares with Gorgonia, which differentiates and multiplies in its own way.
func TestBackpropagation(t *testing.T) {
	for _, sizes := range [][]int{{1, 1}, {6, 4, 1}, {60, 64, 64, 1}, {31, 40, 33, 17, 1}} {
		for _, rows := range []int{1, 5, 32, 37} {
			n, p := newTestBatch(sizes, rows)
			g, err := newGraph(n, rows)
			if err != nil {
				t.Fatal(err)
			}
			copy(g.x, p.x)
			copy(g.y, p.y)
			copy(g.weight, p.weight)
			got, want := make([]float32, len(n.Weights)), make([]float32, len(n.Weights))
			outputs, err := g.run(want)
			if err != nil {
				t.Fatal(err)
			}
			if err := nearAll(p.run(rows, got), outputs, 1e-5); err != nil {
				t.Errorf("sizes %v, %d rows: outputs: %v", sizes, rows, err)
			}
			if err := nearAll(got, want, 1e-5); err != nil {
				t.Errorf("sizes %v, %d rows: gradient: %v", sizes, rows, err)
			}
			if err := g.close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestBackpropagationIsNumerical(t *testing.T) {
	for _, sizes := range [][]int{{3, 1}, {4, 5, 1}, {6, 7, 5, 1}} {
		for _, rows := range []int{1, 4} {
			n, p := newTestBatch(sizes, rows)
			gradient := make([]float32, len(n.Weights))
			p.run(rows, gradient)
			for i := range n.Weights {
				const h = 1e-3
				w := n.Weights[i]
				n.Weights[i] = w + h
				up, high := p.loss(n), float64(n.Weights[i])
				n.Weights[i] = w - h
				want := (up - p.loss(n)) / (high - float64(n.Weights[i]))
				n.Weights[i] = w
				if math.Abs(float64(gradient[i])-want) > 1e-3*(1+math.Abs(want)) {
					t.Errorf("sizes %v, %d rows, weight %d: gradient %v, numerically %v", sizes,
						rows, i, gradient[i], want)
				}
			}
		}
	}
}

// TestUnitsThatGive0 are on, as Gorgonia has it: those of rows of zeros before the first step.
func TestUnitsThatGive0(t *testing.T) {
	n := newMLP([]int{3, 4, 1}, rand.New(rand.NewPCG(1, 0)))
	p := newBackprop(n, 1)
	p.y[0], p.weight[0] = 1, 1
	gradient := make([]float32, len(n.Weights))
	p.run(1, gradient)
	g, err := newGraph(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	g.y[0], g.weight[0] = 1, 1
	want := make([]float32, len(n.Weights))
	if _, err := g.run(want); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(gradient, want) || gradient[3*4] == 0 {
		t.Errorf("gradient %v, want %v", gradient, want)
	}
}

func TestBackpropSeesChangesInPlace(t *testing.T) {
	n, p := newTestBatch([]int{6, 8, 1}, 4)
	first, second := make([]float32, len(n.Weights)), make([]float32, len(n.Weights))
	weights, x := slices.Clone(n.Weights), slices.Clone(p.x)
	before := p.run(4, first)[0]
	if !slices.Equal(n.Weights, weights) || !slices.Equal(p.x, x) {
		t.Fatal("a run changes its inputs")
	}
	n.scaleOutput(2)
	if after := p.run(4, second)[0]; !near(float64(after), 2*float64(before), 1e-6) {
		t.Errorf("output %v after doubling, %v before", after, before)
	}
	n.scaleOutput(0.5)
	if again := p.run(4, second)[0]; again != before || !slices.Equal(first, second) {
		t.Error("a run depends on those before it")
	}
}

// TestRowsLeftOver: a batch of fewer rows is as one of rows without weight.
func TestRowsLeftOver(t *testing.T) {
	n, p := newTestBatch([]int{6, 8, 1}, 4)
	want, got := make([]float32, len(n.Weights)), make([]float32, len(n.Weights))
	p.weight[3] = 0
	p.run(4, want)
	p.weight[3] = 5
	if p.run(3, got); !slices.Equal(got, want) {
		t.Error("rows that are left over change the gradient")
	}
}
