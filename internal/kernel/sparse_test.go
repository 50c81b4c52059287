package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

var packings = []Packing{Singles, Runs8, Runs16, Lanes}

// runOf is the number of adjacent columns that are zero together.
func runOf(l Packing) int { return [...]int{Singles: 1, Runs8: 8, Runs16: 16, Lanes: 1}[l] }

// withZeros draws a matrix (k,n) with leading dimension ldb in which a share of the runs is zero,
// and NaN between the rows.
func withZeros(r *rand.Rand, k, n, ldb int, zeros float64, run int) []float32 {
	b := make([]float32, k*ldb)
	for i := range b {
		b[i] = float32(math.NaN())
	}
	for i := range k {
		row := b[i*ldb:][:n]
		copy(row, randoms(r, n))
		for j := 0; j < n; j += run {
			if r.Float64() < zeros {
				clear(row[j:min(j+run, n)])
			}
		}
	}
	return b
}

// fencedCopy gives a copy of x with room for n values in all, and a function that fails the test if
// anything around these n has changed.
func fencedCopy(x []float32, n int) (inside []float32, intact func(t *testing.T, what string)) {
	const edge = 19 // not a multiple of any vector length
	mark := math.Float32frombits(0x7fc0dead)
	buf := make([]float32, n+2*edge)
	for i := range buf {
		buf[i] = mark
	}
	inside = buf[edge : edge+n : edge+n]
	copy(inside, x)
	return inside, func(t *testing.T, what string) {
		t.Helper()
		for i, v := range buf {
			if (i < edge || i >= edge+n) && math.Float32bits(v) != math.Float32bits(mark) {
				t.Fatalf("%s: wrote %g at %d, outside of 0 to %d", what, v, i-edge, n)
			}
		}
	}
}

// sparseCase multiplies random matrices and compares with a float64 product of the whole matrix,
// and with the plain form.
func sparseCase(t *testing.T, r *rand.Rand, packing Packing, m, k, n int, zeros float64) {
	t.Helper()
	ldb := n + r.IntN(3)
	what := fmt.Sprintf("packing %d, m=%d k=%d n=%d, %.2f zeros", packing, m, k, n, zeros)
	b := withZeros(r, k, n, ldb, zeros, runOf(packing))
	values := randoms(r, m*k)
	a, aIntact := fencedCopy(values, m*k)
	c, cIntact := fencedCopy(nil, m*n)
	scratch, scratchIntact := fencedCopy(nil, SparseScratch(k, n))
	var s Sparse
	s.Pack(packing, k, n, b, ldb)
	ConvolveSparse(m, a, &s, c, scratch)
	aIntact(t, what+", A")
	cIntact(t, what+", C")
	scratchIntact(t, what+", scratch")
	compare(t, what+", A", a, values, 0)
	want := make([]float32, m*n)
	for i := range m {
		for j := range n {
			sum := 0.0
			for q := range k {
				sum += float64(a[i*k+q]) * float64(b[q*ldb+j])
			}
			want[i*n+j] = float32(sum)
		}
	}
	compare(t, what, c, want, 1e-5*math.Sqrt(float64(k))+1e-6)
	s.convolveGo(m, a, want)
	compare(t, what+", plain form", want, c, 1e-5*math.Sqrt(float64(k))+1e-6)
}

func TestConvolveSparse(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 7))
		for _, packing := range packings {
			for range 300 {
				zeros := []float64{0, .3, .5, .9, .98, 1}[r.IntN(6)]
				sparseCase(t, r, packing, 1+r.IntN(150), 1+r.IntN(70), 1+r.IntN(70), zeros)
			}
			// ends of tiles
			for _, m := range []int{1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 49, 64, 127, 128} {
				for _, k := range []int{1, 3, 4, 5, 31, 33} {
					for _, n := range []int{1, 3, 4, 8, 9, 16, 33} {
						sparseCase(t, r, packing, m, k, n, .7)
					}
				}
			}
		}
	})
}

// TestSparseRowsAlone: a row of C has the same bits with any other rows, so that any number of
// workers may share them.
func TestSparseRowsAlone(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 7))
		const m, k, n = 131, 45, 37
		a := randoms(r, m*k)
		scratch := make([]float32, SparseScratch(k, n))
		for _, packing := range packings {
			var s Sparse
			s.Pack(packing, k, n, withZeros(r, k, n, n, .8, runOf(packing)), n)
			all, some := make([]float32, m*n), make([]float32, m*n)
			ConvolveSparse(m, a, &s, all, scratch)
			for from := 0; from < m; {
				rows := min(1+r.IntN(70), m-from)
				ConvolveSparse(rows, a[from*k:], &s, some[from*n:], scratch)
				from += rows
			}
			for i := range all {
				if math.Float32bits(all[i]) != math.Float32bits(some[i]) {
					t.Fatalf("packing %d: value %d is %g in one piece, %g in parts", packing, i,
						all[i], some[i])
				}
			}
		}
	})
}

// TestSparseEdges has columns, rows and blocks of zeros, first and last ones among them, and
// columns that differ much in length.
func TestSparseEdges(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 7))
		const m, k, n = 23, 41, 39
		for name, keep := range map[string]func(i, j int) bool{
			"first columns": func(i, j int) bool { return j < 3 },
			"last columns":  func(i, j int) bool { return j >= n-2 },
			"one column":    func(i, j int) bool { return j == 20 },
			"one row":       func(i, j int) bool { return i == k-1 },
			"one value":     func(i, j int) bool { return i == 0 && j == n-1 },
			"stairs":        func(i, j int) bool { return i <= j },
			"far apart":     func(i, j int) bool { return i == 0 || i == k-1 },
		} {
			b := randoms(r, k*n)
			for i := range b {
				if !keep(i/n, i%n) {
					b[i] = 0
				}
			}
			a, want := randoms(r, m*k), make([]float32, m*n)
			Gemm(m, n, k, a, k, b, n, want, n, false)
			for _, packing := range packings {
				var s Sparse
				s.Pack(packing, k, n, b, n)
				c := randoms(r, m*n)
				ConvolveSparse(m, a, &s, c, make([]float32, SparseScratch(k, n)))
				compare(t, fmt.Sprintf("%s, packing %d", name, packing), c, want, 1e-4)
			}
		}
	})
}

func TestSparseSteadyStateAllocatesNothing(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 7))
		const m, k, n = 70, 48, 40
		a, c, scratch := randoms(r, m*k), make([]float32, m*n), make([]float32, SparseScratch(k, n))
		for _, packing := range packings {
			b := withZeros(r, k, n, n, .7, runOf(packing))
			var s Sparse
			s.Pack(packing, k, n, b, n)
			if got := testing.AllocsPerRun(5, func() {
				s.Pack(packing, k, n, b, n)
				ConvolveSparse(m, a, &s, c, scratch)
			}); got > 0 {
				t.Errorf("packing %d allocates %g times", packing, got)
			}
		}
	})
}

func FuzzConvolveSparse(f *testing.F) {
	f.Add(uint8(63), uint8(16), uint8(96), uint8(230), uint8(0), uint8(2))
	f.Add(uint8(0), uint8(95), uint8(20), uint8(128), uint8(3), uint8(2))
	f.Add(uint8(48), uint8(33), uint8(17), uint8(255), uint8(2), uint8(1))
	f.Fuzz(func(t *testing.T, m, k, n, zeros, packing, isa uint8) {
		restore, err := Use(ISAs[int(isa)%len(ISAs)])
		if err != nil {
			t.Skip(err)
		}
		defer restore()
		r := rand.New(rand.NewPCG(uint64(m), uint64(zeros)))
		sparseCase(t, r, packings[packing%4], int(m)+1, int(k)+1, int(n)+1, float64(zeros)/255)
	})
}
