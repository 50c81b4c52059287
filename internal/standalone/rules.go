package standalone

import (
	"math"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/trainer"
)

// penalize adds the gradient of λ times SSGD's reweighted norm, or gives it as a weight decay.
func (m *Mover) penalize(p *nn.Param) (decay float64) {
	o := m.optimizer
	if o.Lambda == 0 || o.Scaling.Measure != trainer.LogL1 {
		return o.Lambda
	}
	epsilon := m.epsilon
	if !o.Scaling.Absolute {
		epsilon *= math.Sqrt(meanSquare(p.Data))
	}
	for j, v := range p.Data {
		switch {
		case v > 0:
			p.Grad[j] += float32(o.Lambda * (float64(v) + epsilon))
		case v < 0:
			p.Grad[j] += float32(o.Lambda * (float64(v) - epsilon))
		}
	}
	return 0
}

// meanSquare is over the weights that are not zero.
func meanSquare(w []float32) float64 {
	sum, n := 0.0, 0
	for _, v := range w {
		if v != 0 {
			sum += float64(v) * float64(v)
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// shrink brings every value nearer to zero by at most step.
func shrink(w []float32, step float32) {
	for i, v := range w {
		switch {
		case v > step:
			w[i] = v - step
		case v < -step:
			w[i] = v + step
		default:
			w[i] = 0
		}
	}
}

// powerprop is a step of SGD on v, with θ = v·|v|^(α-1), so that ∂J/∂v = ∂J/∂θ · α·|v|^(α-1).
func (m *Mover) powerprop(p *nn.Param, gone []bool) {
	o := m.optimizer
	for j, w := range p.Data {
		if gone != nil && gone[j] {
			continue
		}
		v, slope := root(math.Abs(float64(w)), o.Alpha)
		v = math.Copysign(v, float64(w))
		g := float64(p.Grad[j])*slope + o.WeightDecay*v
		momentum := o.Momentum*float64(p.Momentum[j]) + g
		p.Momentum[j] = float32(momentum)
		v -= m.rate * (g + o.Momentum*momentum)
		p.Data[j] = float32(math.Copysign(power(math.Abs(v), o.Alpha), v))
	}
}

// root is |v| of a weight's size, and α·|v|^(α-1).
func root(size, alpha float64) (v, slope float64) {
	switch alpha { // the usual ones, which take a tenth of the time this way
	case 2:
		v = math.Sqrt(size)
		return v, 2 * v
	case 3:
		v = math.Cbrt(size)
		return v, 3 * v * v
	case 4:
		v = math.Sqrt(math.Sqrt(size))
		return v, 4 * v * v * v
	}
	v = math.Pow(size, 1/alpha)
	return v, alpha * math.Pow(v, alpha-1)
}

func power(v, alpha float64) float64 {
	switch alpha {
	case 2:
		return v * v
	case 3:
		return v * v * v
	case 4:
		return v * v * v * v
	}
	return math.Pow(v, alpha)
}
