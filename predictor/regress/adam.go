package regress

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// Adam's constants (Kingma and Ba, ICLR 2015).
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// adam is the optimiser with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).
type adam struct {
	first, second []float32 // running means of the gradient and of its square
	steps         int
}

func newAdam(n int) *adam { return &adam{first: make([]float32, n), second: make([]float32, n)} }

// step changes the weights by a gradient; the matrices of an MLP decay by rate*decay, its biases do
// not. A bias costs no complexity, and decay would pull the output towards 0.
func (a *adam) step(n *MLP, gradient []float32, rate, decay float64) {
	a.steps++
	// Both means start at 0 and are too small by these factors at first.
	rate1 := rate / (1 - math.Pow(beta1, float64(a.steps)))
	rate2 := 1 / (1 - math.Pow(beta2, float64(a.steps)))
	step := kernel.Adam{First: 1 - beta1, Second: 1 - beta2, Rate: float32(rate1),
		Scale: float32(rate2), Epsilon: epsilon}
	layers, first, second := n.Layers(), layersOf(n.Sizes, a.first), layersOf(n.Sizes, a.second)
	for l, by := range layersOf(n.Sizes, gradient) {
		step.Keep = float32(1 - rate*decay)
		step.Step(layers[l].Matrix, first[l].Matrix, second[l].Matrix, by.Matrix)
		step.Keep = 1
		step.Step(layers[l].Bias, first[l].Bias, second[l].Bias, by.Bias)
	}
}
