package predictor

import (
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// near compares with a relative tolerance.
func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*max(1e-300, math.Abs(want))
}

// weightsOf counts the weights and biases of a network.
func weightsOf(sizes []int) (n int) {
	for l := range sizes[1:] {
		n += (sizes[l] + 1) * sizes[l+1]
	}
	return n
}

// randomMLP has weights as large as those that a training begins with, and biases too.
func randomMLP(sizes []int, seed uint64) (*regress.MLP, *rand.Rand) {
	r := rand.New(rand.NewPCG(seed, 0))
	n := &regress.MLP{Sizes: sizes, Weights: make(regress.Weights, weightsOf(sizes))}
	for l, layer := range n.Layers() {
		for i := range layer.Matrix {
			layer.Matrix[i] = float32(math.Sqrt(2/float64(sizes[l])) * r.NormFloat64())
		}
		for i := range layer.Bias {
			layer.Bias[i] = float32(r.NormFloat64())
		}
	}
	return n, r
}

// plainForward is what a network computes by the formula, in float64.
func plainForward(n *regress.MLP, x []float32) float64 {
	h := make([]float64, len(x))
	for i, v := range x {
		h[i] = float64(v)
	}
	for l, layer := range n.Layers() {
		next := make([]float64, len(layer.Bias))
		for j := range next {
			next[j] = float64(layer.Bias[j])
			for i := range h {
				next[j] += h[i] * float64(layer.Matrix[i*len(next)+j])
			}
			if l < len(n.Sizes)-2 {
				next[j] = math.Max(next[j], 0)
			}
		}
		h = next
	}
	return h[0]
}
