package regress_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// BenchmarkFit fits to as many rows and features as OFA's MobileNetV3 networks have, with all that
// `fit accuracy` does: both kinds of model, the held-out error and the learning curve.
func BenchmarkFit(b *testing.B) {
	const rows, features = 500, 136
	r := rand.New(rand.NewPCG(1, 0))
	x, y := make([][]float32, rows), make([]float64, rows)
	for i := range x {
		x[i] = make([]float32, features)
		for j := range x[i] {
			x[i][j] = float32(r.IntN(2))
			y[i] += 0.1 * float64(x[i][j]) * r.Float64() / features
		}
	}
	for b.Loop() {
		if _, err := regress.Fit(b.Context(), x, y, regress.Defaults()); err != nil {
			b.Fatal(err)
		}
	}
}
