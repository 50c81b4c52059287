package regress

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestModelGradient holds the gradient against differences of the model's values.
func TestModelGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	m := &Model{Bias: 0.5, Linear: make(Weights, 7)}
	for i := range m.Linear {
		m.Linear[i] = float32(r.NormFloat64())
	}
	for range 2 {
		m.Networks = append(m.Networks, *newMLP([]int{7, 20, 9, 1}, r))
	}
	g := m.Gradient()
	for range 10 {
		x, slope := make([]float32, 7), make([]float32, 7)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		if value := g.At(x, slope); math.Abs(value-m.Predict([][]float32{x})[0]) > 1e-5 {
			t.Errorf("value %g, predicted %g", value, m.Predict([][]float32{x})[0])
		}
		for i := range x {
			const h = 1e-3
			up, down := append([]float32(nil), x...), append([]float32(nil), x...)
			up[i] += h
			down[i] -= h
			v := m.Predict([][]float32{up, down})
			// a unit may switch in between, and changes the slope on one side
			if d := (v[0] - v[1]) / (2 * h); math.Abs(d-float64(slope[i])) > 0.02*(1+math.Abs(d)) {
				t.Errorf("slope %d is %g, by differences %g", i, slope[i], d)
			}
		}
	}
	linear := &Model{Bias: 2, Linear: Weights{1, -3}}
	out := make([]float32, 2)
	if v := linear.Gradient().At([]float32{1, 1}, out); v != 0 || out[0] != 1 || out[1] != -3 {
		t.Errorf("a line: value %g, slope %v", v, out)
	}
}
