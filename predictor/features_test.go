package predictor_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

func newEncoder(t testing.TB, s *supernet.Space) *predictor.Encoder {
	t.Helper()
	e, err := predictor.NewEncoder(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The small space has 2 resolutions; a stage of 2 depths and 2 blocks with 2 kernels and 2 ratios;
// a stage of 2 depths with nothing else to choose; 3 costs and their squares.
func TestEncodeByHand(t *testing.T) {
	s := small(t)
	e := newEncoder(t, s)
	if want := 2 + (2 + 2*(2+2)) + 2 + 6; e.Len() != want {
		t.Fatalf("%d features, want %d", e.Len(), want)
	}
	a, err := s.Arch(supernet.Spec{KS: []int{5, 3, 3, 3}, E: []float64{2, 3, 0, 0}, D: []int{1, 2},
		R: []int{12}})
	if err != nil {
		t.Fatal(err)
	}
	x := slices.Repeat([]float32{7}, e.Len()) // what was there does not matter
	e.Encode(a, x)
	genes := []float32{
		0, 1, // resolution
		1, 0, // depth
		0, 1, 1, 0, // kernel 5, ratio 2
		0, 0, 0, 0, // no second block
		0, 1, // depth
	}
	if !slices.Equal(x[:len(genes)], genes) {
		t.Errorf("genes are %v, want %v", x[:len(genes)], genes)
	}
	for i, cost := range []func(supernet.Arch) float64{
		func(a supernet.Arch) float64 { return float64(supernet.MACs(s.Blocks(a))) },
		func(a supernet.Arch) float64 { return float64(supernet.Params(s.Blocks(a))) },
		func(a supernet.Arch) float64 { return float64(a.Resolution) },
	} {
		low, high := math.Log(cost(s.Min())), math.Log(cost(s.Max()))
		want := 6*(math.Log(cost(a))-low)/(high-low) - 3
		got, square := float64(x[len(genes)+i]), float64(x[len(genes)+3+i])
		if math.Abs(got-want) > 1e-5 || math.Abs(square-want*want/3) > 1e-5 {
			t.Errorf("cost %d is %g and %g, want %g and %g", i, got, square, want, want*want/3)
		}
	}
}

func TestEncodeTellsArchsApart(t *testing.T) {
	s := small(t)
	e := newEncoder(t, s)
	seen := map[string]bool{}
	for _, a := range everyArch(s) {
		x := make([]float32, e.Len())
		e.Encode(a, x)
		var genes []byte
		for _, v := range x[:e.Len()-6] {
			genes = append(genes, byte(v))
		}
		if seen[string(genes)] {
			t.Errorf("two archs have the genes %v", genes)
		}
		seen[string(genes)] = true
	}
}

func TestEncodeOfShippedSpaces(t *testing.T) {
	for _, name := range supernet.Builtins() {
		s := builtin(t, name)
		e := newEncoder(t, s)
		r := rand.New(rand.NewPCG(1, 0))
		x := make([]float32, e.Len())
		for range 50 {
			e.Encode(s.Random(r), x)
			for i, v := range x {
				if i < e.Len()-6 && v != 0 && v != 1 || math.Abs(float64(v)) > 3.0001 || v != v {
					t.Fatalf("%s: feature %d is %g", name, i, v)
				}
			}
		}
	}
}

// With a single resolution its logarithm has no range.
func TestEncodeOfASingleResolution(t *testing.T) {
	s := builtin(t, "mbv3-cifar")
	e := newEncoder(t, s)
	x := make([]float32, e.Len())
	e.Encode(s.Max(), x)
	if got := x[e.Len()-6:]; got[2] != 0 || got[5] != 0 || math.Abs(float64(got[0])-3) > 1e-5 {
		t.Errorf("costs of the largest network are %v", got)
	}
}
