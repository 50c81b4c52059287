package standalone

import (
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/trainer"
)

// Structure says which weights SSGD scales together, and removal removes together.
type Structure struct {
	// Run is the number of adjacent output channels of a matrix (in,out) whose weights belong
	// together; 0 or 1: each on its own.
	Run int
	// Channels are the middle channels of blocks, each of which belongs together; nil: they do not.
	Channels []weights.MiddleChannels
}

// Mover moves the weights of one network by an [trainer.Optimizer]. What is masked stays exactly
// zero.
type Mover struct {
	optimizer trainer.Optimizer
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
func NewMover(o trainer.Optimizer, st Structure, params []*nn.Param, pool *nn.Pool) (*Mover,
	error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	m := &Mover{optimizer: o, structure: st, pool: pool, params: params,
		grouped: make([]bool, len(params)), gone: map[*nn.Param][]bool{}}
	m.factor, m.without = make([][]float64, len(params)+len(st.Channels)),
		make([][]bool, len(params)+len(st.Channels))
	if o.Rule == trainer.SSGD {
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
	m.rate, m.epsilon = rate, epsilon(m.optimizer.Scaling, part)
	if m.optimizer.Rule == trainer.SSGD && len(m.structure.Channels) > 0 {
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
	factors(m.optimizer.Scaling, z, gone, m.epsilon)
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
		p.Descend(float32(m.rate), float32(o.Momentum), 0)
	case o.Rule == trainer.Powerprop:
		m.powerprop(p, gone)
	default:
		if o.Rule == trainer.SSGD {
			if !m.grouped[i] {
				m.scale(p, m.factor[i], m.without[i], gone)
			}
			decay += m.penalize(p)
		}
		p.Descend(float32(m.rate), float32(o.Momentum), float32(decay))
		if o.Rule == trainer.L1 {
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
		factors(m.optimizer.Scaling, z, gone, m.epsilon)
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
	factors(m.optimizer.Scaling, z, without, m.epsilon)
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
