package regress

import (
	"math"
	"slices"
	"testing"
)

// output is that of one row alone.
func output(n *MLP, x []float32) float32 {
	c := n.forInference()
	scratch := [2][]float32{make([]float32, BatchRows*c.width()),
		make([]float32, BatchRows*c.width())}
	return c.forward(1, x, &scratch)[0]
}

func TestForwardIsTheFormula(t *testing.T) {
	for seed, sizes := range [][]int{{1, 1}, {7, 1}, {5, 3, 1}, {33, 64, 64, 1}, {2, 17, 5, 9, 1},
		{128, 400, 400, 400, 1}} {
		n, r := randomMLP(sizes, uint64(seed))
		for range 20 {
			x := randomRow(r, sizes[0])
			// Sums of hundreds of products lose some digits where they cancel.
			got, want := float64(output(n, x)), plainForward(n, x)
			if tolerance := 1e-5 * (1 + math.Abs(want)) * float64(slices.Max(sizes)); math.Abs(got-
				want) > tolerance {
				t.Fatalf("sizes %v: got %v, want %v", sizes, got, want)
			}
		}
	}
}

// TestRowsAreTheirOwn: a search may ask for a network alone or among others, and must hear the
// same.
func TestRowsAreTheirOwn(t *testing.T) {
	const inputs = 37
	first, r := randomMLP([]int{inputs, 70, 45, 1}, 1)
	second, _ := randomMLP([]int{inputs, 20, 1}, 2)
	m := &Model{Bias: 1, Linear: randomRow(r, inputs), Networks: []MLP{*first, *second}}
	e := m.Evaluator()
	x := randomRow(r, BatchRows*inputs)
	alone := make([]float64, BatchRows)
	for i := range alone {
		e.Values(x[i*inputs:(i+1)*inputs], alone[i:i+1])
	}
	for rows := 1; rows <= BatchRows; rows++ {
		got := make([]float64, rows)
		e.Values(x[:rows*inputs], got)
		if !slices.Equal(got, alone[:rows]) {
			t.Fatalf("other values in a batch of %d", rows)
		}
	}
}

func TestEvaluatorDoesNotAllocate(t *testing.T) {
	n, r := randomMLP([]int{50, 64, 64, 1}, 1)
	e := (&Model{Linear: randomRow(r, 50), Networks: []MLP{*n}}).Evaluator()
	x, y := randomRow(r, 50*BatchRows), make([]float64, BatchRows)
	if allocs := testing.AllocsPerRun(10, func() { e.Values(x, y) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
