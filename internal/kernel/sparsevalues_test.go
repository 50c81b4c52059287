package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestSparseNotFinite has infinity, NaN and numbers below the normal ones in weights and inputs.
// What a pixel has reaches no other pixel. An output is what the weights that are not zero make of
// the pixel, or NaN where a layout multiplied a zero with what is not finite, as the dense product
// does.
func TestSparseNotFinite(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 7))
		odd := []float64{math.Inf(1), math.Inf(-1), math.NaN(), 1e-40, 3e38}
		for _, packing := range packings {
			for range 100 {
				m, k, n := 1+r.IntN(80), 1+r.IntN(50), 1+r.IntN(40)
				a, b := randoms(r, m*k), withZeros(r, k, n, n, .8, runOf(packing))
				for range r.IntN(4) {
					a[r.IntN(m*k)] = float32(odd[r.IntN(len(odd))])
				}
				for range r.IntN(2) {
					b[r.IntN(k*n)] = float32(odd[r.IntN(len(odd))])
				}
				var s Sparse
				s.Pack(packing, k, n, b, n)
				c := make([]float32, m*n)
				ConvolveSparse(m, a, &s, c, make([]float32, SparseScratch(k, n)))
				what := fmt.Sprintf("packing %d, m=%d k=%d n=%d", packing, m, k, n)
				for i := range c {
					checkValue(t, what, c[i], a[i/n*k:][:k], b[i%n:], n)
				}
			}
		}
	})
}

// checkValue compares an output with the float64 sum over a pixel's products, of which column is
// every ld-th weight.
func checkValue(t *testing.T, what string, got float32, pixel, column []float32, ld int) {
	t.Helper()
	sum, size, dense := 0.0, 0.0, 0.0
	for q, x := range pixel {
		w := float64(column[q*ld])
		dense += w * float64(x)
		if w != 0 {
			sum += w * float64(x)
			size += math.Abs(w * float64(x))
		}
	}
	v := float64(got)
	switch {
	case math.IsNaN(v):
		if !math.IsNaN(dense) && size < math.MaxFloat32 {
			t.Fatalf("%s: NaN, the dense product is %g", what, dense)
		}
	case math.IsNaN(sum):
		t.Fatalf("%s: %g hides NaN", what, v)
	case size > math.MaxFloat32: // it may have been infinite on the way
		if !math.IsInf(v, 0) && math.IsInf(sum, 0) {
			t.Fatalf("%s: %g hides %g", what, v, sum)
		}
	case math.Abs(v-sum) > 1e-5*size+1e-37:
		t.Fatalf("%s: %g, want %g", what, v, sum)
	}
}
