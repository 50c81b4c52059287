package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestUnrolled compares the unrolled loops with one term at a time, at every length around their
// steps.
func TestUnrolled(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	near := func(name string, n int, got float32, want float64) {
		if math.Abs(float64(got)-want) > 1e-5 {
			t.Errorf("%s, length %d: got %g, want %g", name, n, got, want)
		}
	}
	for n := range 20 {
		var a, b [4][]float32
		for i := range a {
			a[i], b[i] = draw(n), draw(n+i) // the first slice has the length that counts
		}
		s, start := draw(4), draw(n)
		four, one, products, product, added := clone(start), clone(start), clone(start),
			clone(start), clone(start)
		axpy4(four, b[0], b[1], b[2], b[3], s[0], s[1], s[2], s[3])
		axpy(one, b[1], s[1])
		mulAdd4(products, a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3])
		mulAdd(product, a[1], b[1])
		Add(added, b[1])
		dots := [4]float64{}
		for j := range n {
			wantFour, wantProducts := float64(start[j]), float64(start[j])
			for i := range 4 {
				wantFour += float64(s[i]) * float64(b[i][j])
				wantProducts += float64(a[i][j]) * float64(b[i][j])
				dots[i] += float64(a[0][j]) * float64(b[i][j])
			}
			near("axpy4", n, four[j], wantFour)
			near("axpy", n, one[j], float64(start[j])+float64(s[1])*float64(b[1][j]))
			near("mulAdd4", n, products[j], wantProducts)
			near("mulAdd", n, product[j], float64(start[j])+float64(a[1][j])*float64(b[1][j]))
			near("Add", n, added[j], float64(start[j])+float64(b[1][j]))
		}
		s0, s1, s2, s3 := dot4(a[0], b[0], b[1], b[2], b[3])
		for i, got := range []float32{s0, s1, s2, s3} {
			near("dot4", n, got, dots[i])
		}
		near("dot", n, dot(a[0], b[2]), dots[2])
	}
}

func clone(v []float32) []float32 { return append([]float32(nil), v...) }
