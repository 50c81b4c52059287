package regress

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// newTestBatch has random rows and weights of them.
func newTestBatch(t *testing.T, sizes []int, rows int) (*MLP, *graph) {
	t.Helper()
	n, r := randomMLP(sizes, 3)
	g := newTestGraph(t, n, rows)
	copy(g.x, randomRow(r, len(g.x)))
	for i := range rows {
		g.y[i], g.weight[i] = float32(r.NormFloat64()), r.Float32()
	}
	return n, g
}

func newTestGraph(t *testing.T, n *MLP, rows int) *graph {
	t.Helper()
	g, err := newGraph(n, rows)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// results runs the graph, and gives the loss and the gradient laid out as the weights.
func results(t *testing.T, g *graph) (loss float64, gradient []float32) {
	t.Helper()
	if err := g.run(); err != nil {
		t.Fatal(err)
	}
	for _, p := range g.params {
		v, err := p.Grad()
		if err != nil {
			t.Fatal(err)
		}
		data, err := floats(v)
		if err != nil {
			t.Fatal(err)
		}
		gradient = append(gradient, data...)
	}
	data, err := floats(g.loss.Value())
	if err != nil {
		t.Fatal(err)
	}
	return float64(data[0]), gradient
}

// plainResults are those of Gorgonia's own operations.
func plainResults(t *testing.T, n *MLP, of *graph) (loss float64, gradient []float32) {
	t.Helper()
	g, err := newPlainGraph(n, of)
	if err != nil {
		t.Fatal(err)
	}
	loss, gradient, err = g.run()
	if err != nil {
		t.Fatal(err)
	}
	return loss, gradient
}

// plainLoss is what is differentiated, in float64.
func (g *graph) plainLoss(n *MLP) (sum float64) {
	for i, w := range g.weight {
		residual := plainForward(n, g.x[i*n.Sizes[0]:][:n.Sizes[0]]) - float64(g.y[i])
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

// TestGradient compares with Gorgonia's own operations, which have their own derivatives and
// products.
func TestGradient(t *testing.T) {
	for _, sizes := range [][]int{{1, 1}, {6, 4, 1}, {60, 64, 64, 1}, {31, 40, 33, 17, 1}} {
		for _, rows := range []int{1, 5, 32, 37} {
			n, g := newTestBatch(t, sizes, rows)
			loss, got := results(t, g)
			wantLoss, want := plainResults(t, n, g)
			if !near(loss, wantLoss, 1e-5) || !near(loss, g.plainLoss(n), 1e-5) {
				t.Errorf("sizes %v, %d rows: loss %v, want %v", sizes, rows, loss, wantLoss)
			}
			if len(got) != len(n.Weights) {
				t.Fatalf("sizes %v: gradient of %d weights, want %d", sizes, len(got),
					len(n.Weights))
			}
			if err := nearAll(got, want, 1e-5); err != nil {
				t.Errorf("sizes %v, %d rows: gradient: %v", sizes, rows, err)
			}
		}
	}
}

func TestGradientIsNumerical(t *testing.T) {
	for _, sizes := range [][]int{{3, 1}, {4, 5, 1}, {6, 7, 5, 1}} {
		for _, rows := range []int{1, 4} {
			n, g := newTestBatch(t, sizes, rows)
			_, gradient := results(t, g)
			for i := range n.Weights {
				const h = 1e-3
				w := n.Weights[i]
				n.Weights[i] = w + h
				up, high := g.plainLoss(n), float64(n.Weights[i])
				n.Weights[i] = w - h
				want := (up - g.plainLoss(n)) / (high - float64(n.Weights[i]))
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
	g := newTestGraph(t, n, 1)
	g.y[0], g.weight[0] = 1, 1
	_, gradient := results(t, g)
	if _, want := plainResults(t, n, g); !slices.Equal(gradient, want) || gradient[3*4] == 0 {
		t.Errorf("gradient %v, want %v", gradient, want)
	}
}

func TestGraphSeesChangesInPlace(t *testing.T) {
	n, g := newTestBatch(t, []int{6, 8, 1}, 4)
	clear(g.y) // so that the loss is of the outputs alone
	weights, x := slices.Clone(n.Weights), slices.Clone(g.x)
	before, first := results(t, g)
	if !slices.Equal(n.Weights, weights) || !slices.Equal(g.x, x) {
		t.Fatal("a run changes its inputs")
	}
	n.scaleOutput(2)
	if after, _ := results(t, g); !near(after, 4*before, 1e-6) {
		t.Errorf("loss %v after doubling, %v before", after, before)
	}
	n.scaleOutput(0.5)
	if again, second := results(t, g); again != before || !slices.Equal(first, second) {
		t.Error("a run depends on those before it")
	}
}

// TestRowsLeftOver: rows without weight leave a batch as one of fewer rows, to the bit.
func TestRowsLeftOver(t *testing.T) {
	n, g := newTestBatch(t, []int{6, 8, 1}, 4)
	short := newTestGraph(t, n, 3)
	copy(short.x, g.x)
	copy(short.y, g.y)
	copy(short.weight, g.weight)
	g.weight[3] = 0
	loss, got := results(t, g)
	if wantLoss, want := results(t, short); loss != wantLoss || !slices.Equal(got, want) {
		t.Error("rows that are left over change the gradient")
	}
}

func TestOperationRefusesOtherValues(t *testing.T) {
	o := operation{name: "dense", in: make([][]float32, 1)}
	for _, v := range []gorgonia.Value{gorgonia.NewF32(1), tensor.New(tensor.WithShape(2),
		tensor.Of(tensor.Float64))} {
		if _, err := o.Do(v); err == nil || !strings.Contains(err.Error(),
			"dense, input 0: a value of "+v.Dtype().String()) {
			t.Errorf("error %v", err)
		}
	}
}

// TestPanicOfAnOperation is an error of the run, which a goroutine of Gorgonia's cannot tell
// otherwise than by ending the program.
func TestPanicOfAnOperation(t *testing.T) {
	b := &graphBuilder{graph: gorgonia.NewGraph()}
	x := b.input("x", make([]float32, 2), 2)
	b.apply(operation{name: "faulty", run: func(v [][]float32, out []float32) {
		clear(out[:len(v[0])+1])
	}}, tensor.Shape{2}, x)
	if b.err != nil {
		t.Fatal(b.err)
	}
	g := &graph{machine: gorgonia.NewTapeMachine(b.graph)}
	t.Cleanup(func() {
		if err := g.close(); err != nil {
			t.Error(err)
		}
	})
	if err := g.run(); err == nil || !strings.Contains(err.Error(), "faulty: ") ||
		!strings.Contains(err.Error(), "out of range") {
		t.Errorf("error %v", err)
	}
}
