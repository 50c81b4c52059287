package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sentinel is a NaN that arithmetic does not make by itself. It stands wherever a kernel has no
// business: reading it spoils the result, writing over it is seen.
var sentinel = math.Float32frombits(0x7fc0dead)

func isSentinel(v float32) bool { return math.Float32bits(v) == 0x7fc0dead }

// guarded is a (rows,cols) matrix with leading dimension ld. Its slice is as short as the sizes
// allow and stands between sentinels; so do the gaps between rows.
type guarded struct {
	rows, cols, ld int
	buf            []float32
	data           []float32
}

const fence = 19 // not a multiple of any vector length

func newGuarded(rows, cols, ld int) *guarded {
	n := (rows-1)*ld + cols
	buf := make([]float32, n+2*fence)
	for i := range buf {
		buf[i] = sentinel
	}
	return &guarded{rows, cols, ld, buf, buf[fence : fence+n : fence+n]}
}

// random fills the matrix from a normal distribution, with some exact zeros.
func (g *guarded) random(r *rand.Rand) *guarded {
	g.each(func(v *float32) {
		*v = float32(r.NormFloat64())
		if r.IntN(10) == 0 {
			*v = 0
		}
	})
	return g
}

func (g *guarded) each(f func(v *float32)) {
	for i := range g.rows {
		for j := range g.cols {
			f(&g.data[i*g.ld+j])
		}
	}
}

func (g *guarded) at(i, j int) float64 { return float64(g.data[i*g.ld+j]) }

func (g *guarded) clone() *guarded {
	c := *g
	c.buf = append([]float32(nil), g.buf...)
	n := len(g.data)
	c.data = c.buf[fence : fence+n : fence+n]
	return &c
}

// intact fails the test if anything outside the matrix has changed.
func (g *guarded) intact(t *testing.T, name string) {
	t.Helper()
	for i, v := range g.buf {
		k := i - fence
		inside := k >= 0 && k < len(g.data) && k%g.ld < g.cols
		if !inside && !isSentinel(v) {
			t.Fatalf("%s: wrote %g at %d, outside of (%d,%d) with leading dimension %d", name, v, k,
				g.rows, g.cols, g.ld)
		}
	}
}

// unchanged fails the test if the matrix is not bit for bit what it was.
func (g *guarded) unchanged(t *testing.T, name string, was *guarded) {
	t.Helper()
	for i := range g.buf {
		if math.Float32bits(g.buf[i]) != math.Float32bits(was.buf[i]) {
			t.Fatalf("%s: a read-only argument changed at %d", name, i-fence)
		}
	}
}

// vector is a guarded matrix of one row.
func vector(n int) *guarded { return newGuarded(1, n, n) }

// sum is a float64 sum that knows how large a float32 sum of the same terms may be off: every
// addition rounds by 2^-24 of at most the sum of absolute values (Higham, Accuracy and Stability,
// section 4.2).
type sum struct {
	value, magnitude float64
	terms            int
}

func (s *sum) add(v float64) {
	s.value += v
	s.magnitude += math.Abs(v)
	s.terms++
}

func (s *sum) check(t *testing.T, got float32, format string, args ...any) {
	t.Helper()
	bound := float64(s.terms+3)*0x1p-24*s.magnitude + 1e-38
	if !(math.Abs(float64(got)-s.value) <= bound) {
		t.Fatalf(format+": got %g, want %g within %.2g", append(args, got, s.value, bound)...)
	}
}

// inner is the inner product of two matrices of one size.
func inner(a, b *guarded) float64 {
	var s float64
	for i := range a.rows {
		for j := range a.cols {
			s += a.at(i, j) * b.at(i, j)
		}
	}
	return s
}

// same says whether two inner products are equal but for rounding.
func same(t *testing.T, what string, a, b float64, terms int) {
	t.Helper()
	if math.Abs(a-b) > 1e-5*math.Sqrt(float64(terms))*(1+math.Abs(a)) {
		t.Errorf("%s: %.9g and %.9g should be equal", what, a, b)
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// channels are the counts that leave every remainder of an unrolled loop.
var channels = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 17}
