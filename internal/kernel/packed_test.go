package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func randoms(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// eachISA runs a test with every instruction set that this processor has.
func eachISA(t *testing.T, f func(t *testing.T)) {
	for _, i := range ISAs {
		t.Run(i.String(), func(t *testing.T) {
			restore, err := Use(i)
			if err != nil {
				t.Skip(err)
			}
			defer restore()
			f(t)
		})
	}
}

func TestMulPacked(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for trial := range 400 {
			m, n, k := 1+r.IntN(40), 1+r.IntN(70), 1+r.IntN(30)
			lda, ldb, ldc := k+r.IntN(3), n+r.IntN(3), n+r.IntN(3)
			a, b, c := randoms(r, m*lda), randoms(r, max(k*ldb, n*(k+2))), randoms(r, m*ldc)
			add, transposed := r.IntN(2) == 0, r.IntN(2) == 0
			var p Packed
			at := func(i, j int) float32 { return b[i*ldb+j] }
			if transposed {
				p.PackTransposed(k, n, b, k+2)
				at = func(i, j int) float32 { return b[j*(k+2)+i] }
			} else {
				p.Pack(k, n, b, ldb)
			}
			want := append([]float32(nil), c...)
			for i := range m {
				for j := range n {
					s := 0.0
					for q := range k {
						s += float64(a[i*lda+q]) * float64(at(q, j))
					}
					if add {
						s += float64(want[i*ldc+j])
					}
					want[i*ldc+j] = float32(s)
				}
			}
			MulPacked(m, a, lda, &p, c, ldc, add, nil)
			compare(t, fmt.Sprintf("trial %d m=%d n=%d k=%d", trial, m, n, k), c, want,
				1e-5*float64(k))
		}
	})
}

func TestMulTN(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 1))
		for trial := range 400 {
			m, n, k := 1+r.IntN(40), 1+r.IntN(70), 1+r.IntN(30)
			lda, ldb, ldc := m+r.IntN(3), n+r.IntN(3), n+r.IntN(3)
			a, b, c := randoms(r, k*lda), randoms(r, k*ldb), randoms(r, m*ldc)
			want := append([]float32(nil), c...)
			for i := range m {
				for j := range n {
					s := float64(want[i*ldc+j])
					for q := range k {
						s += float64(a[q*lda+i]) * float64(b[q*ldb+j])
					}
					want[i*ldc+j] = float32(s)
				}
			}
			MulTN(m, n, k, a, lda, b, ldb, c, ldc, nil)
			compare(t, fmt.Sprintf("trial %d m=%d n=%d k=%d", trial, m, n, k), c, want,
				1e-5*float64(k))
		}
	})
}

func compare(t *testing.T, what string, got, want []float32, bound float64) {
	t.Helper()
	for i := range want {
		if d := float64(got[i]) - float64(want[i]); !(d <= bound && d >= -bound) {
			t.Fatalf("%s: value %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

func BenchmarkMulPacked(b *testing.B) {
	for _, s := range []struct{ m, n, k int }{{1024, 96, 16}, {1024, 16, 96}, {256, 240, 40},
		{256, 40, 240}, {64, 960, 160}, {64, 160, 960}, {2048, 512, 512}} {
		for _, isa := range ISAs[1:] {
			b.Run(fmt.Sprintf("%dx%dx%d/%v", s.m, s.n, s.k, isa), func(b *testing.B) {
				restore, err := Use(isa)
				if err != nil {
					b.Skip(err)
				}
				defer restore()
				r := rand.New(rand.NewPCG(1, 1))
				x, w, y := randoms(r, s.m*s.k), randoms(r, s.k*s.n), randoms(r, s.m*s.n)
				var p Packed
				p.Pack(s.k, s.n, w, s.n)
				for b.Loop() {
					MulPacked(s.m, x, s.k, &p, y, s.n, false, nil)
				}
				b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/b.Elapsed().Seconds()/1e9,
					"GFLOP/s")
			})
			b.Run(fmt.Sprintf("TN%dx%dx%d/%v", s.m, s.n, s.k, isa), func(b *testing.B) {
				restore, err := Use(isa)
				if err != nil {
					b.Skip(err)
				}
				defer restore()
				r := rand.New(rand.NewPCG(1, 1))
				x, dy, dw := randoms(r, s.m*s.k), randoms(r, s.m*s.n), randoms(r, s.k*s.n)
				for b.Loop() {
					MulTN(s.k, s.n, s.m, x, s.k, dy, s.n, dw, s.n, nil)
				}
				b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/b.Elapsed().Seconds()/1e9,
					"GFLOP/s")
			})
		}
	}
}
