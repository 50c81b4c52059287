package regress

import (
	"math"
	"math/rand/v2"
	"slices"
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
		value := make([]float64, 1)
		g.At(x, slope, value)
		if math.Abs(value[0]-m.Predict([][]float32{x})[0]) > 1e-5 {
			t.Errorf("value %g, predicted %g", value[0], m.Predict([][]float32{x})[0])
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
	out, values := make([]float32, 4), make([]float64, 2)
	linear.Gradient().At([]float32{1, 1, 0, 2}, out, values)
	if !slices.Equal(values, []float64{0, -4}) || !slices.Equal(out, []float32{1, -3, 1, -3}) {
		t.Errorf("a line: values %g, slopes %v", values, out)
	}
}

// TestGradientOfManyRows: a row's value and gradient are the same bits alone and among others.
func TestGradientOfManyRows(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 0))
	m := &Model{Networks: []MLP{*newMLP([]int{7, 33, 21, 1}, r), *newMLP([]int{7, 5, 1}, r)}}
	const rows = BatchRows + 7
	x, out, values := make([]float32, 7*rows), make([]float32, 7*rows), make([]float64, rows)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	g := m.Gradient()
	g.At(x, out, values)
	for i := range rows {
		alone, value := make([]float32, 7), make([]float64, 1)
		g.At(x[7*i:][:7], alone, value)
		if value[0] != values[i] || !slices.Equal(alone, out[7*i:][:7]) {
			t.Errorf("row %d: %g and %g, alone %g and %g", i, values[i], out[7*i:][:7], value[0],
				alone)
		}
	}
}
