package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// TestProductSkipsZeros: in inference alone, where the pool does not forbid it, and where there are
// zeros.
func TestProductSkipsZeros(t *testing.T) {
	const m, in, out = 64, 48, 32
	r := rand.New(rand.NewPCG(1, 9))
	full := make([]float32, in*out)
	for i := range full {
		full[i] = float32(r.NormFloat64())
	}
	pruned := make([]float32, in*out)
	for i := 0; i < len(pruned); i += 20 {
		pruned[i] = full[i]
	}
	for _, c := range []struct {
		name   string
		mode   Mode
		dense  bool
		weight []float32
		skips  bool
	}{
		{"inference", Infer, false, pruned, true},
		{"without zeros", Infer, false, full, false},
		{"forbidden", Infer, true, pruned, false},
		{"training", Train, false, pruned, false},
		{"calibration", Calibrate, false, pruned, false},
	} {
		pool := NewPool(1)
		pool.Dense = c.dense
		g := NewGraph(pool)
		g.Begin(1, c.mode)
		var p product
		p.pack(g, m, in, out, c.weight, out)
		if p.skips != c.skips {
			t.Errorf("%s: skips zeros: %t, want %t", c.name, p.skips, c.skips)
		}
		a, z, want := make([]float32, m*in), make([]float32, m*out), make([]float32, m*out)
		for i := range a {
			a[i] = float32(r.NormFloat64())
		}
		p.convolve(&g.scratch[0], m, a, z, kernel.Output{})
		kernel.Gemm(m, out, in, a, in, c.weight, out, want, out, false)
		for i := range want {
			if math.Abs(float64(z[i]-want[i])) > 1e-4 {
				t.Fatalf("%s: value %d is %g, want %g", c.name, i, z[i], want[i])
			}
		}
		pool.Close()
	}
}
