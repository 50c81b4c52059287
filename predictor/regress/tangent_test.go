package regress

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestTangents: of networks with one hidden layer the sum over units is the model but for its
// linear part, and a row's tangent is the same bits alone and among others.
func TestTangents(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	m := &Model{Bias: 0.5, Networks: []MLP{*newMLP([]int{7, 33, 1}, r), *newMLP([]int{7, 5, 1}, r)}}
	for i := range m.Networks {
		for _, layer := range m.Networks[i].Layers() {
			for j := range layer.Bias {
				layer.Bias[j] = float32(r.NormFloat64())
			}
		}
	}
	const rows = BatchRows + 7
	x, out, values := make([]float32, 7*rows), make([]float32, 7*rows), make([]float64, rows)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	g := m.Gradient()
	all := g.Tangents(x, out, values)
	last := 0.0 // the biases of the outputs
	for i := range m.Networks {
		last += float64(m.Networks[i].Layers()[1].Bias[0]) / 2
	}
	for i, tangent := range all {
		if math.Abs(m.Bias+last+tangent.Sum-values[i]) > 1e-5 {
			t.Fatalf("row %d: %g by its units, %g by the model", i, m.Bias+last+tangent.Sum,
				values[i])
		}
		alone := g.Tangents(x[7*i:][:7], make([]float32, 7), make([]float64, 1))[0]
		if alone.Sum != tangent.Sum || len(alone.Inputs) != g.Units() ||
			len(alone.Slopes) != g.Units() {
			t.Fatalf("row %d: sum %g of %d units, alone %g of %d", i, tangent.Sum,
				len(tangent.Inputs), alone.Sum, len(alone.Inputs))
		}
	}
}
