package kernel_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// eachProduct runs f over products (m,n,k), with leading dimensions equal to the width and larger.
func eachProduct(t *testing.T, f func(t *testing.T, m, n, k, gap int)) {
	for _, m := range []int{1, 2, 3, 5, 8} {
		for _, n := range channels {
			for _, k := range channels {
				for _, gap := range []int{0, 3} {
					f(t, m, n, k, gap)
				}
			}
		}
	}
}

func TestGemm(t *testing.T) {
	eachProduct(t, func(t *testing.T, m, n, k, gap int) {
		for _, accumulate := range []bool{false, true} {
			r := newRand(uint64(m + 10*n + 100*k))
			a, b := newGuarded(m, k, k+gap).random(r), newGuarded(k, n, n+gap).random(r)
			// sentinels: a plain product must overwrite without reading
			c := newGuarded(m, n, n+2*gap)
			if accumulate {
				c.random(r)
			}
			a0, b0, c0 := a.clone(), b.clone(), c.clone()
			kernel.Gemm(m, n, k, a.data, a.ld, b.data, b.ld, c.data, c.ld, accumulate)
			for i := range m {
				for j := range n {
					var s sum
					if accumulate {
						s.add(c0.at(i, j))
					}
					for p := range k {
						s.add(a.at(i, p) * b.at(p, j))
					}
					s.check(t, c.data[i*c.ld+j], "(%d,%d,%d) gap %d accumulate %v: C[%d,%d]", m, n,
						k, gap, accumulate, i, j)
				}
			}
			c.intact(t, "C")
			a.unchanged(t, "A", a0)
			b.unchanged(t, "B", b0)
		}
	})
}

func TestGemmNT(t *testing.T) {
	eachProduct(t, func(t *testing.T, m, n, k, gap int) {
		r := newRand(uint64(m + 10*n + 100*k))
		a, b, c := newGuarded(m, k, k+gap).random(r), newGuarded(n, k, k+2*gap).random(r),
			newGuarded(m, n, n+gap)
		a0, b0 := a.clone(), b.clone()
		kernel.GemmNT(m, n, k, a.data, a.ld, b.data, b.ld, c.data, c.ld)
		for i := range m {
			for j := range n {
				var s sum
				for p := range k {
					s.add(a.at(i, p) * b.at(j, p))
				}
				s.check(t, c.data[i*c.ld+j], "(%d,%d,%d) gap %d: C[%d,%d]", m, n, k, gap, i, j)
			}
		}
		c.intact(t, "C")
		a.unchanged(t, "A", a0)
		b.unchanged(t, "B", b0)
	})
}

func TestGemmTN(t *testing.T) {
	eachProduct(t, func(t *testing.T, m, n, k, gap int) {
		r := newRand(uint64(m + 10*n + 100*k))
		a, b := newGuarded(k, m, m+gap).random(r), newGuarded(k, n, n+2*gap).random(r)
		c := newGuarded(m, n, n+gap).random(r)
		a0, b0, c0 := a.clone(), b.clone(), c.clone()
		kernel.GemmTN(m, n, k, a.data, a.ld, b.data, b.ld, c.data, c.ld)
		for i := range m {
			for j := range n {
				var s sum
				s.add(c0.at(i, j))
				for p := range k {
					s.add(a.at(p, i) * b.at(p, j))
				}
				s.check(t, c.data[i*c.ld+j], "(%d,%d,%d) gap %d: C[%d,%d]", m, n, k, gap, i, j)
			}
		}
		c.intact(t, "C")
		a.unchanged(t, "A", a0)
		b.unchanged(t, "B", b0)
	})
}

// TestGemmAdjoints: with y = x·w, <dy,x·w> = <dy·wᵀ,x> = <xᵀ·dy,w>, which is what makes the three
// the passes of one layer.
func TestGemmAdjoints(t *testing.T) {
	for _, shape := range [][3]int{{1, 1, 1}, {7, 5, 3}, {4, 9, 17}, {13, 6, 8}} {
		m, n, k := shape[0], shape[1], shape[2]
		r := newRand(9)
		x, w, dy := newGuarded(m, k, k+1).random(r), newGuarded(k, n, n+2).random(r),
			newGuarded(m, n, n+3).random(r)
		y, dx, dw := newGuarded(m, n, n), newGuarded(m, k, k), newGuarded(k, n, n)
		dw.each(func(v *float32) { *v = 0 })
		kernel.Gemm(m, n, k, x.data, x.ld, w.data, w.ld, y.data, y.ld, false)
		kernel.GemmNT(m, k, n, dy.data, dy.ld, w.data, w.ld, dx.data, dx.ld)
		kernel.GemmTN(k, n, m, x.data, x.ld, dy.data, dy.ld, dw.data, dw.ld)
		same(t, fmt.Sprint(shape, " input"), inner(dy, y), inner(dx, x), m*n*k)
		same(t, fmt.Sprint(shape, " weight"), inner(dy, y), inner(dw, w), m*n*k)
	}
}

// TestGemmRowsDoNotDependOnTheirNumber: a batch cut into pieces gives the same bits, which
// determinism over workers needs.
func TestGemmRowsDoNotDependOnTheirNumber(t *testing.T) {
	const m, n, k = 11, 9, 17
	r := newRand(4)
	a, b := newGuarded(m, k, k).random(r), newGuarded(k, n, n).random(r)
	bt := newGuarded(n, k, k).random(r)
	whole, wholeNT := make([]float32, m*n), make([]float32, m*n)
	kernel.Gemm(m, n, k, a.data, k, b.data, n, whole, n, false)
	kernel.GemmNT(m, n, k, a.data, k, bt.data, k, wholeNT, n)
	for i := range m {
		row, rowNT := make([]float32, n), make([]float32, n)
		kernel.Gemm(1, n, k, a.data[i*k:], k, b.data, n, row, n, false)
		kernel.GemmNT(1, n, k, a.data[i*k:], k, bt.data, k, rowNT, n)
		if !slices.Equal(row, whole[i*n:][:n]) || !slices.Equal(rowNT, wholeNT[i*n:][:n]) {
			t.Errorf("row %d alone has other bits than in the whole product", i)
		}
	}
}

// TestShortSlicesPanic: the package promises a panic, not a wrong result, for slices that are too
// short.
func TestShortSlicesPanic(t *testing.T) {
	s := func(n int) []float32 { return make([]float32, n) }
	for name, call := range map[string]func(){
		"A":    func() { kernel.Gemm(2, 3, 4, s(7), 4, s(12), 3, s(6), 3, false) },
		"B":    func() { kernel.Gemm(2, 3, 4, s(8), 4, s(11), 3, s(6), 3, false) },
		"C":    func() { kernel.Gemm(2, 3, 4, s(8), 4, s(12), 3, s(5), 3, false) },
		"NT B": func() { kernel.GemmNT(2, 3, 4, s(8), 4, s(11), 4, s(6), 3) },
		"TN A": func() { kernel.GemmTN(2, 3, 4, s(7), 2, s(12), 3, s(6), 3) },
		"Add":  func() { kernel.Add(s(3), s(2)) },
		"Gate": func() { kernel.Gate(s(6), s(5), s(3), 2) },
		"Pool": func() { kernel.MeanPool(s(3), s(5), 2, 3) },
		"taps": func() {
			convolve(s(9), s(9), kernel.Taps{Data: s(8), Row: 3, Col: 1},
				kernel.NewWindow(3, 3, 3, 1), 1)
		},
		"image": func() {
			convolve(s(9), s(8), kernel.Taps{Data: s(9), Row: 3, Col: 1},
				kernel.NewWindow(3, 3, 3, 1), 1)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s too short: no panic", name)
				}
			}()
			call()
		}()
	}
}
