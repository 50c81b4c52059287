package regress

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestLinearAlone: without members, a model is its linear part.
func TestLinearAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	var x [][]float32
	var y []float64
	for range 60 {
		row := []float32{sign32(r), sign32(r), float32(r.NormFloat64())}
		x = append(x, row)
		y = append(y, 3+float64(row[0])-2*float64(row[2]))
	}
	s := Defaults()
	s.Model, s.Members = ModelRidge, 0
	f, err := Fit(t.Context(), x, y, s)
	if err != nil {
		t.Fatal(err)
	}
	if f.Model.Networks != nil || f.HeldOut.RMSE > 1e-3 {
		t.Errorf("%d members, error %g of what is a line", len(f.Model.Networks), f.HeldOut.RMSE)
	}
	if got := f.Model.Predict([][]float32{{1, 1, 2}})[0]; math.Abs(got) > 1e-3 {
		t.Errorf("3 + 1 - 2*2 is %g", got)
	}
}
