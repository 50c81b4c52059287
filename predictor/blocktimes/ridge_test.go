package blocktimes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSolveByBothForms: more rows than columns and fewer have the weights at which the gradient
// x'(x*w - y) + penalty*w is 0.
func TestSolveByBothForms(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	const columns, penalty = 12, 0.3
	for _, rows := range []int{5, 30} {
		x, y := make([]sparse, rows), make([]float64, rows)
		for i := range x {
			sums := map[int]float64{i % columns: r.NormFloat64()}
			for range 4 {
				sums[r.IntN(columns)] += r.NormFloat64()
			}
			x[i], y[i] = sparseOf(sums), r.NormFloat64()
		}
		p := newProblem(x, columns, y)
		w := p.solve(penalty)
		gradient := make([]float64, columns)
		for j, v := range w {
			gradient[j] = penalty * v
		}
		for i, row := range x {
			row.addTo(gradient, row.dot(w)-y[i])
		}
		for j, g := range gradient {
			if math.Abs(g) > 1e-12 {
				t.Errorf("%d rows: gradient %d is %g", rows, j, g)
			}
		}
		if p.byRows != (rows < columns) {
			t.Errorf("%d rows of %d columns are solved the longer way", rows, columns)
		}
	}
}
