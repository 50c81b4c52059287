package regress

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

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
	rate, decay float64
	means       []means // by parameter
	steps       int
}

var _ gorgonia.Solver = (*adam)(nil)

// means are running means of the gradient and of its square.
type means struct{ first, second []float32 }

// Step changes parameters, the same ones each time, by their gradients. Matrices decay by
// rate*decay, biases do not: a bias costs no complexity, and decay would pull the output towards 0.
func (a *adam) Step(params []gorgonia.ValueGrad) error {
	a.steps++
	// Both means start at 0 and are too small by these factors at first.
	rate1 := a.rate / (1 - math.Pow(beta1, float64(a.steps)))
	rate2 := 1 / (1 - math.Pow(beta2, float64(a.steps)))
	step := kernel.Adam{First: 1 - beta1, Second: 1 - beta2, Rate: float32(rate1),
		Scale: float32(rate2), Epsilon: epsilon}
	for i, p := range params {
		by, err := p.Grad()
		if err != nil {
			return fmt.Errorf("gradient of parameter %d: %w", i, err)
		}
		gradient, err := floats(by)
		if err != nil {
			return fmt.Errorf("gradient of parameter %d: %w", i, err)
		}
		w, err := floats(p.Value())
		if err != nil {
			return fmt.Errorf("parameter %d: %w", i, err)
		}
		if i == len(a.means) {
			a.means = append(a.means, means{make([]float32, len(w)), make([]float32, len(w))})
		}
		step.Keep = 1
		if p.Value().Shape().Dims() > 1 {
			step.Keep = float32(1 - a.rate*a.decay)
		}
		step.Step(w, a.means[i].first, a.means[i].second, gradient)
	}
	return nil
}
