package regress

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// TestProducts holds the products of all forms against gonum's.
func TestProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	random := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	for _, size := range [][3]int{{1, 1, 1}, {32, 64, 136}, {32, 1, 64}, {136, 64, 32}, {7, 33, 5},
		{40, 400, 13}, {0, 3, 2}, {3, 2, 0}} {
		for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
			for _, tB := range []blas.Transpose{blas.NoTrans, blas.Trans} {
				for _, scale := range [][2]float32{{1, 0}, {1, 1}, {0.5, 0}, {1, 2}} {
					m, n, k := size[0], size[1], size[2]
					const pad = 3 // of rows
					lda, ldb, ldc := k+pad, n+pad, n+pad
					a, b := random(m*lda), random(k*ldb)
					if tA == blas.Trans {
						lda = m + pad
						a = random(k * lda)
					}
					if tB == blas.Trans {
						ldb = k + pad
						b = random(n * ldb)
					}
					got := random(m * ldc)
					want := append([]float32(nil), got...)
					products{}.Sgemm(tA, tB, m, n, k, scale[0], a, lda, b, ldb, scale[1], got, ldc)
					gonum.Implementation{}.Sgemm(tA, tB, m, n, k, scale[0], a, lda, b, ldb,
						scale[1], want, ldc)
					for i := range want {
						if math.Abs(float64(got[i]-want[i])) > 1e-5*float64(k+1) {
							t.Fatalf("%v, %c%c, %v: element %d is %g, want %g", size, tA, tB,
								scale, i, got[i], want[i])
						}
					}
				}
			}
		}
	}
}
