package regress

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// plainForward is the formula, in float64.
func plainForward(n *MLP, x []float32) float64 {
	var h []float64
	for _, v := range x {
		h = append(h, float64(v))
	}
	at := 0
	for l := 1; l < len(n.Sizes); l++ {
		in, out := n.Sizes[l-1], n.Sizes[l]
		next := make([]float64, out)
		for j := range next {
			next[j] = float64(n.Weights[at+in*out+j])
			for i := range h {
				next[j] += h[i] * float64(n.Weights[at+i*out+j])
			}
			if l < len(n.Sizes)-1 {
				next[j] = math.Max(next[j], 0)
			}
		}
		h, at = next, at+(in+1)*out
	}
	return h[0]
}

// randomMLP has biases too.
func randomMLP(sizes []int, seed uint64) (*MLP, *rand.Rand) {
	r := rand.New(rand.NewPCG(seed, 0))
	n := newMLP(sizes, r)
	for _, l := range n.Layers() {
		for i := range l.Bias {
			l.Bias[i] = float32(r.NormFloat64())
		}
	}
	return n, r
}

func randomRow(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		if r.IntN(3) > 0 { // zeros take a path of their own
			x[i] = float32(r.NormFloat64())
		}
	}
	return x
}

func TestNewMLPVariance(t *testing.T) {
	n := newMLP([]int{400, 300, 1}, rand.New(rand.NewPCG(1, 2)))
	for l, want := range []float64{2.0 / 400, 1.0 / 300} {
		var squares float64
		matrix := n.Layers()[l].Matrix
		for _, w := range matrix {
			squares += float64(w) * float64(w)
		}
		if got := squares / float64(len(matrix)); !near(got, want, 0.3) {
			t.Errorf("layer %d: variance %g, want %g", l, got, want)
		}
	}
}

func TestMLPCheck(t *testing.T) {
	for _, c := range []struct {
		n    MLP
		want string
	}{
		{MLP{[]int{3, 2, 1}, make(Weights, 11)}, ""},
		{MLP{nil, nil}, "sizes must be"},
		{MLP{[]int{3}, nil}, "sizes must be"},
		{MLP{[]int{3, 2}, make(Weights, 8)}, "1 output"},
		{MLP{[]int{3, 0, 1}, nil}, "0 units"},
		{MLP{[]int{3, -4, 1}, nil}, "-4 units"},
		{MLP{[]int{3, 1 << 40, 1}, nil}, "units"},
		{MLP{[]int{4, 2, 1}, make(Weights, 13)}, "4 inputs, expected 3"},
		{MLP{[]int{3, 2, 1}, make(Weights, 10)}, "10 weights, expected 11"},
	} {
		err := c.n.check(3)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("sizes %v: %v, want %q", c.n.Sizes, err, c.want)
		}
	}
}
