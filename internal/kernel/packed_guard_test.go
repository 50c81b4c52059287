package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// fencedMatrix draws a (rows,cols) matrix with NaN between the rows, and marks around it.
func fencedMatrix(r *rand.Rand, rows, cols, ld int) (m []float32,
	intact func(t *testing.T, what string)) {
	full := make([]float32, (rows-1)*ld+cols)
	for i := range full {
		full[i] = float32(math.NaN())
		if i%ld < cols {
			full[i] = float32(r.NormFloat64())
		}
	}
	m, around := fencedCopy(full, len(full))
	return m, func(t *testing.T, what string) {
		t.Helper()
		around(t, what)
		for i, v := range m {
			if i%ld >= cols && v == v {
				t.Fatalf("%s: wrote %g between the rows, at %d of (%d,%d)", what, v, i, rows, cols)
			}
		}
	}
}

// TestProductsStayInside has matrices that end where their slices do, with NaN between the rows:
// reading them spoils results, writing over them is seen.
func TestProductsStayInside(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 1))
		for m := 1; m < 27; m++ {
			for n := 1; n < 36; n++ {
				k := 1 + r.IntN(11)
				what := fmt.Sprintf("m=%d n=%d k=%d", m, n, k)
				a, aIntact := fencedMatrix(r, m, k, k+1)
				at, atIntact := fencedMatrix(r, k, m, m+2)
				b, bIntact := fencedMatrix(r, k, n, n+3)
				c, cIntact := fencedMatrix(r, m, n, n+1)
				want := append([]float32(nil), c...)
				for i := range m {
					for j := range n {
						for q := range k {
							want[i*(n+1)+j] += (a[i*(k+1)+q] + at[q*(m+2)+i]) * b[q*(n+3)+j]
						}
					}
				}
				var p Packed
				p.Pack(k, n, b, n+3)
				MulPacked(m, a, k+1, &p, c, n+1, true, nil)
				MulTN(m, n, k, at, m+2, b, n+3, c, n+1, nil)
				for i := range m {
					compare(t, what, c[i*(n+1):][:n], want[i*(n+1):][:n], 1e-4)
				}
				for _, intact := range []func(*testing.T, string){aIntact, atIntact, bIntact,
					cIntact} {
					intact(t, what)
				}
			}
		}
	})
}
