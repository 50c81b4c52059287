package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// aligned gives n values that begin on a cache line, so that they can be streamed.
func aligned(n int) []float32 {
	v := make([]float32, n+lineValues)
	off := 0
	for uintptr(unsafe.Pointer(&v[off]))%(4*lineValues) != 0 {
		off++
	}
	return v[off:][:n]
}

// output asks for everything, with sums that are not zero before.
func output(c int, stream bool) Output {
	sum, square, tmp := make([]float64, c), make([]float64, c), make([]float32, 2*c)
	for j := range c {
		sum[j], square[j], tmp[j] = 1, 2, 3
	}
	o := Output{Sums: &Sums{}, Stream: stream}
	o.Sums.Begin(sum, square, tmp)
	return o
}

// checkSums compares sums with those of the values that were written.
func checkSums(t *testing.T, what string, o Output, written []float32) {
	t.Helper()
	s := o.Sums
	s.End()
	c := len(s.First)
	for j := range c {
		sum, square, size := 1.0, 2.0, 1.0
		for i := j; i < len(written); i += c {
			v := float64(written[i])
			sum, square, size = sum+v, square+v*v, size+math.Abs(v)
		}
		if math.Abs(s.First[j]-sum) > 1e-5*size || math.Abs(s.Second[j]-square) > 1e-5*square {
			t.Fatalf("%s: channel %d sums to %g and %g, want %g and %g", what, j, s.First[j],
				s.Second[j], sum, square)
		}
	}
}

func TestConvolvePacked(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 1))
		for _, m := range []int{1, 11, 12, 13, 24, 251, 252, 253, 600} {
			for _, n := range []int{1, 8, 16, 24, 32, 40, 48, 96} {
				for _, stream := range []bool{false, true} {
					k := 1 + r.IntN(20)
					a, w := randoms(r, m*k), randoms(r, k*n)
					var p Packed
					p.Pack(k, n, w, n)
					want := make([]float32, m*n)
					MulPacked(m, a, k, &p, want, n, false, nil)
					got, o := aligned(m*n), output(n, stream)
					ConvolvePacked(m, a, &p, got, o, nil)
					name := fmt.Sprintf("m=%d n=%d k=%d stream=%v", m, n, k, stream)
					compare(t, name, got, want, 0)
					checkSums(t, name, o, got)
				}
			}
		}
	})
}

func TestConvolveRowsOutput(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 1))
		for _, k := range []int{3, 5, 7, 9} {
			for _, size := range [][2]int{{1, 1}, {6, 5}, {20, 33}, {2, 300}} {
				for _, c := range []int{5, 16, 19, 32} {
					g := Padded{NewWindow(size[0], size[1], k, 1+r.IntN(2)), c}
					x, w := randoms(r, g.Len()), randoms(r, k*k*c)
					want := make([]float32, g.OH*g.OW*c)
					g.Convolve(want, x, w, nil)
					for _, stream := range []bool{false, true} {
						got, o := aligned(len(want)), output(c, stream)
						g.ConvolveRows(got, x, w, 0, g.OH, o, nil)
						name := fmt.Sprintf("k=%d s=%d %v c=%d stream=%v", k, g.Stride, size, c,
							stream)
						compare(t, name, got, want, 0)
						checkSums(t, name, o, got)
					}
				}
			}
		}
	})
}

func TestGradientStream(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 1))
		for _, c := range []int{16, 24, 48, 240} {
			const rows = 300
			n := Norm{Mean: randoms(r, c), InvStd: randoms(r, c), Scale: randoms(r, c),
				Shift: randoms(r, c), Act: HSwish}
			d, x := randoms(r, rows*c), randoms(r, rows*c)
			want, got := aligned(rows*c), aligned(rows*c)
			s, s2 := output(c, false).Sums, output(c, false).Sums
			n.Gradient(want, d, x, s, false)
			n.Gradient(got, d, x, s2, true)
			s.End()
			s2.End()
			compare(t, fmt.Sprint("c=", c), got, want, 0)
			for j := range c {
				if s.First[j] != s2.First[j] || s.Second[j] != s2.Second[j] {
					t.Fatalf("c=%d: sums of channel %d differ", c, j)
				}
			}
		}
	})
}

// TestAhead holds what is fetched against what was asked for: every line once, in order, whatever
// the pieces are taken in.
func TestAhead(t *testing.T) {
	first, second := aligned(10*lineValues), aligned(5*lineValues)
	var a Ahead
	a.Add(nil)
	a.Add(first)
	a.Add(second)
	times, at, step := a.takeTimes(100, 4)
	if times != 3 || at != &first[0] || step != 4*lineValues {
		t.Fatalf("%d times from %p by %d, want 3 times 4 lines to cover 10 from %p", times, at,
			step, &first[0])
	}
	for i := range 5 {
		if at, step = a.take(1); at != &second[i*lineValues] || step == 0 {
			t.Fatalf("take %d gives line %p, want %p", i, at, &second[i*lineValues])
		}
	}
	if _, step = a.take(1); step != 0 {
		t.Fatal("there is more to fetch than was added")
	}
	var none *Ahead
	if times, _, step := none.takeTimes(7, 3); times != 7 || step != 0 {
		t.Fatalf("without anything to fetch: %d times by %d, want 7 and 0", times, step)
	}
}
