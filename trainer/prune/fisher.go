package prune

import (
	"math"

	"github.com/tailor-nas/tailor/internal/nn"
)

// fisher keeps the mean square of the gradient of each weight that can go, over the last hundred
// steps or so: the diagonal of the Fisher information, which stands for the curvature of the loss.
type fisher map[*nn.Param][]float32

// fisherRate is the share of a mean that is the newest step's.
const fisherRate = 0.01

// watch makes the remover compare weights by what their removal costs.
func (r *remover) watch() {
	r.fisher = fisher{}
	for p := range r.masks() {
		r.fisher[p] = make([]float32, len(p.Data))
	}
}

// observe takes the gradients of a step.
func (f fisher) observe() {
	for p, mean := range f {
		for i, g := range p.Grad {
			mean[i] += fisherRate * (g*g - mean[i])
		}
	}
}

// costs are the roots of twice what the loss is expected to grow by without each value: θ·√F, as
// the growth is F·θ²/2 (LeCun et al., Optimal Brain Damage, NIPS 1989, equation 5; with the Fisher
// information, Theis et al., 2018, equation 5).
func (f fisher) costs(p *nn.Param) []float32 {
	v := make([]float32, len(p.Data))
	for i, mean := range f[p] {
		v[i] = p.Data[i] * float32(math.Sqrt(float64(mean)))
	}
	return v
}
