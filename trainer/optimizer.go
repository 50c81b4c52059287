package trainer

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/weights"
)

// Rule is how weights follow their gradients.
type Rule string

// The rules. All have Nesterov momentum and weight decay, and treat batch norm and biases as plain
// SGD does.
const (
	SGD Rule = "sgd"
	// gradients scaled by [Scaling] before the momentum (sparsity-promoting SGD, ICASSP 2020)
	SSGD Rule = "ssgd"
	// plain SGD, then each weight Lambda times the rate nearer to zero (proximal step of an l1
	// penalty)
	L1 Rule = "l1"
	// Powerprop is SGD on v where the weight is v·|v|^(Alpha-1) (Powerpropagation, Schwarz et al.,
	// NeurIPS 2021, section 2).
	Powerprop Rule = "powerprop"
)

// Optimizer moves weights against their gradients. The zero value is plain SGD without momentum.
type Optimizer struct {
	Rule        Rule    `json:"rule"` // default sgd
	Momentum    float64 `json:"momentum" range:"0..0.9999"`
	WeightDecay float64 `json:"weight_decay" range:"0..1"` // not on batch norm and biases
	// Lambda weighs what is added to the loss to make weights sparse: the l1 norm, or SSGD's
	// measure. In SSGD proper it is 0. The step of SSGD's reweighted norm is λ·θ for log-l2 and
	// p-norm, as a weight decay that is not scaled, and λ·(|θ| + ε)·sign(θ) for log-l1.
	Lambda  float64 `json:"lambda,omitempty" range:"0..1"`
	Scaling Scaling `json:"scaling,omitzero"` // of ssgd
	Alpha   float64 `json:"alpha,omitempty"`  // of powerprop; 1 is plain SGD
}

// Check refuses settings that cannot be, by name.
func (o Optimizer) Check() error {
	if err := settings.Check(o); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	switch o.Rule {
	case SGD, "":
	case SSGD:
		return o.Scaling.check()
	case L1:
	case Powerprop:
		if !(o.Alpha >= 1 && o.Alpha <= 8) {
			return fmt.Errorf("%w: alpha is %g, expected 1 to 8", ErrConfig, o.Alpha)
		}
	default:
		return fmt.Errorf("%w: rule %q is unknown; use sgd, ssgd, l1 or powerprop", ErrConfig,
			string(o.Rule))
	}
	return nil
}

// Structure says which weights SSGD scales together, and removal removes together.
type Structure struct {
	// Run is the number of adjacent output channels of a matrix (in,out) whose weights belong
	// together; 0 or 1: each on its own.
	Run int
	// Channels are the middle channels of blocks, each of which belongs together; nil: they do not.
	Channels []weights.MiddleChannels
}

// Mover moves the weights of one network by an [Optimizer]. What is masked stays exactly zero.
type Mover struct {
	optimizer Optimizer
	structure Structure
	pool      *nn.Pool
	params    []*nn.Param // that are trained
	grouped   []bool      // by parameter: its gradient is scaled by channel
	gone      map[*nn.Param][]bool
	factor    [][]float64 // by parameter, then by channels
	without   [][]bool    // likewise: groups that count for nothing

	rate, epsilon  float64 // of the step
	moveTask, task func(worker, i int)
}

// NewMover checks the settings. Parameters that hold statistics must not be among params.
func NewMover(o Optimizer, st Structure, params []*nn.Param, pool *nn.Pool) (*Mover, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	m := &Mover{optimizer: o, structure: st, pool: pool, params: params,
		grouped: make([]bool, len(params)), gone: map[*nn.Param][]bool{}}
	m.factor, m.without = make([][]float64, len(params)+len(st.Channels)),
		make([][]bool, len(params)+len(st.Channels))
	if o.Rule == SSGD {
		m.prepareFactors()
	}
	m.moveTask, m.task = m.move, m.scaleChannels
	return m, nil
}

func (m *Mover) prepareFactors() {
	inGroup := map[*nn.Param]bool{}
	for i, c := range m.structure.Channels {
		m.factor[len(m.params)+i], m.without[len(m.params)+i] = make([]float64, c.N),
			make([]bool, c.N)
		for _, member := range c.Members {
			inGroup[member.Param] = true
		}
	}
	for i, p := range m.params {
		m.grouped[i] = inGroup[p]
		if p.Decay && !inGroup[p] {
			n := groups(p, m.structure.run(p))
			m.factor[i], m.without[i] = make([]float64, n), make([]bool, n)
		}
	}
}

// run is the number of weights of a parameter that belong together.
func (s Structure) run(p *nn.Param) int {
	if s.Run > 1 && len(p.Shape) == 2 {
		return s.Run
	}
	return 1
}

// groups is the number of runs of a parameter; the last of a row may be shorter.
func groups(p *nn.Param, run int) int {
	out := p.Shape[len(p.Shape)-1]
	return len(p.Data) / out * ((out + run - 1) / run)
}

// Mask says which values of a parameter are zero for good, until it says otherwise; nil: none. The
// slice is the mover's to read, and as long as the parameter: another length panics.
func (m *Mover) Mask(p *nn.Param, gone []bool) {
	if gone != nil && len(gone) != len(p.Data) {
		panic("trainer: a mask has another length than its parameter")
	}
	m.gone[p] = gone
}

// Step moves all weights. part is how much of the training is done, 0 to 1: ε follows it.
func (m *Mover) Step(rate, part float64) {
	m.rate, m.epsilon = rate, m.optimizer.Scaling.epsilon(part)
	if m.optimizer.Rule == SSGD && len(m.structure.Channels) > 0 {
		m.pool.Run(len(m.structure.Channels), m.task)
	}
	m.pool.Run(len(m.params), m.moveTask)
}

// scaleChannels scales the gradients of a block's middle channels, each by one factor.
func (m *Mover) scaleChannels(_, i int) {
	c, z := m.structure.Channels[i], m.factor[len(m.params)+i]
	weights := 0
	clear(z)
	for _, member := range c.Members {
		if !member.Weight {
			continue
		}
		weights += member.Size(c.N)
		for ch := range z {
			member.Each(ch, c.N, func(i int) { v := float64(member.Param.Data[i]); z[ch] += v * v })
		}
	}
	gone := m.without[len(m.params)+i]
	for ch := range z {
		gone[ch] = z[ch] == 0
		z[ch] /= float64(weights)
	}
	m.optimizer.Scaling.factors(z, gone, m.epsilon)
	for _, member := range c.Members {
		for ch, f := range z {
			member.Each(ch, c.N, func(i int) { member.Param.Grad[i] *= float32(f) })
		}
	}
}

// move moves one parameter.
func (m *Mover) move(_, i int) {
	p, o := m.params[i], m.optimizer
	gone := m.gone[p]
	decay := o.WeightDecay
	switch {
	case !p.Decay:
		sgd(p, float32(m.rate), float32(o.Momentum), 0)
	case o.Rule == Powerprop:
		m.powerprop(p, gone)
	default:
		if o.Rule == SSGD {
			if !m.grouped[i] {
				m.scale(p, m.factor[i], m.without[i], gone)
			}
			decay += m.penalize(p)
		}
		sgd(p, float32(m.rate), float32(o.Momentum), float32(decay))
		if o.Rule == L1 {
			shrink(p.Data, float32(m.rate*o.Lambda))
		}
	}
	for j, g := range gone {
		if g {
			p.Data[j], p.Momentum[j] = 0, 0
		}
	}
}

// scale multiplies the gradient by the factors of SSGD. z and without are memory for its runs.
func (m *Mover) scale(p *nn.Param, z []float64, without, gone []bool) {
	run := m.structure.run(p)
	if run == 1 {
		for j, v := range p.Data {
			z[j] = float64(v) * float64(v)
		}
		m.optimizer.Scaling.factors(z, gone, m.epsilon)
		for j, f := range z {
			p.Grad[j] *= float32(f)
		}
		return
	}
	eachRun(p, run, func(g, from, to int) {
		z[g] = 0
		for _, v := range p.Data[from:to] {
			z[g] += float64(v) * float64(v) / float64(to-from)
		}
		without[g] = gone != nil && !slices.Contains(gone[from:to], false)
	})
	m.optimizer.Scaling.factors(z, without, m.epsilon)
	eachRun(p, run, func(g, from, to int) {
		for j := from; j < to; j++ {
			p.Grad[j] *= float32(z[g])
		}
	})
}

// eachRun calls f for every run of a parameter, with the range of its values.
func eachRun(p *nn.Param, run int, f func(g, from, to int)) {
	out, g := p.Shape[len(p.Shape)-1], 0
	for row := 0; row < len(p.Data); row += out {
		for j := 0; j < out; j += run {
			f(g, row+j, row+min(j+run, out))
			g++
		}
	}
}

// penalize adds the gradient of λ times SSGD's reweighted norm, or gives it as a weight decay.
func (m *Mover) penalize(p *nn.Param) (decay float64) {
	o := m.optimizer
	if o.Lambda == 0 || o.Scaling.Measure != LogL1 {
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
