package regress

import "math"

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
	a.moments(gradient)
	layers, first, second := n.Layers(), layersOf(n.Sizes, a.first), layersOf(n.Sizes, a.second)
	for l := range layers {
		update(layers[l].Matrix, first[l].Matrix, second[l].Matrix, rate1, rate2, rate*decay)
		update(layers[l].Bias, first[l].Bias, second[l].Bias, rate1, rate2, 0)
	}
}

// moments moves the running means towards the gradient and its square.
func (a *adam) moments(gradient []float32) {
	for i, g := range gradient {
		a.first[i] += (1 - beta1) * (g - a.first[i])
		a.second[i] += (1 - beta2) * (g*g - a.second[i])
	}
}

// update is w = (1-decay)*w - rate*m/(sqrt(v)+epsilon), with both means corrected by rate1 and
// rate2.
func update(w, first, second []float32, rate1, rate2, decay float64) {
	r1, r2, keep := float32(rate1), float32(rate2), float32(1-decay)
	for i := range w {
		w[i] = keep*w[i] - r1*first[i]/(float32(math.Sqrt(float64(r2*second[i])))+epsilon)
	}
}
