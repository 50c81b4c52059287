package nn

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// Param is a trained tensor at full size. Convolution weights are (kernel,kernel,in,out), those of
// 1x1 convolutions and linear layers (in,out), of depthwise convolutions (kernel,kernel,channels).
type Param struct {
	Name  string
	Shape []int
	Data  []float32
	Grad  []float32 // nil in a network that only infers
	// Momentum is the optimiser's, kept here so that whatever reorders channels reorders it too;
	// nil like Grad.
	Momentum []float32
	Decay    bool // weight decay applies: not to batch norm and biases
	// Statistic says that this is a mean or variance that calibration measures: no gradient ever
	// reaches it, and an optimiser must leave it alone.
	Statistic bool
	init      func(r *rand.Rand, data []float32)
}

// Params makes the parameters of layers, or shares those of other layers.
type Params struct {
	List  []*Param
	Train bool              // allocate gradients and momentum
	Share map[string]*Param // use the values of these, by name, instead of allocating
	// Statistics lists the population statistics of batch norm among the parameters, so that they
	// are shared and saved, as one fixed network needs it. In a supernet each sub-network has its
	// own.
	Statistics bool
}

// addStatistic makes a parameter that is measured, not trained, or takes the shared one of that
// name.
func (p *Params) addStatistic(name string, start float32, width int) *Param {
	w := p.Share[name]
	if w == nil {
		w = &Param{Name: name, Shape: []int{width}, Data: make([]float32, width), Statistic: true,
			init: Constant(start)}
	}
	p.List = append(p.List, w)
	return w
}

// EnableTraining allocates what training needs beside the values: gradients and momentum, of all
// but statistics. Whoever shares the parameters can train too.
func (p *Params) EnableTraining() {
	p.Train = true
	for _, w := range p.List {
		if w.Grad == nil && !w.Statistic {
			w.Grad, w.Momentum = make([]float32, len(w.Data)), make([]float32, len(w.Data))
		}
	}
}

// ByName indexes the parameters.
func (p *Params) ByName() map[string]*Param {
	m := make(map[string]*Param, len(p.List))
	for _, w := range p.List {
		m[w.Name] = w
	}
	return m
}

// Add makes a parameter, or takes the shared one of that name.
func (p *Params) Add(name string, decay bool, init func(*rand.Rand, []float32),
	shape ...int) *Param {
	n := 1
	for _, s := range shape {
		n *= s
	}
	w := p.Share[name]
	if w == nil {
		w = &Param{Name: name, Shape: shape, Data: make([]float32, n), Decay: decay, init: init}
	}
	if p.Train && w.Grad == nil {
		w.Grad, w.Momentum = make([]float32, n), make([]float32, n)
	}
	p.List = append(p.List, w)
	return w
}

// Init draws starting values: He's normal distribution by fan-out (He et al., ICCV 2015) for
// convolutions, uniform ±1/√in for the classifier, identity for kernel transforms, ones and zeros
// for batch norm, zero biases. Each parameter has its own generator from the seed and its name, so
// that the values do not depend on what else a network holds.
func (p *Params) Init(seed uint64) {
	for _, w := range p.List {
		h := fnv.New64a()
		h.Write([]byte(w.Name))
		w.init(rand.New(rand.NewPCG(seed, h.Sum64())), w.Data)
	}
}

// HeFanOut draws from He's normal distribution by fan-out.
func HeFanOut(fanOut int) func(*rand.Rand, []float32) {
	std := math.Sqrt(2 / float64(fanOut))
	return func(r *rand.Rand, data []float32) {
		for i := range data {
			data[i] = float32(r.NormFloat64() * std)
		}
	}
}

// Uniform draws between -bound and bound.
func Uniform(bound float64) func(*rand.Rand, []float32) {
	return func(r *rand.Rand, data []float32) {
		for i := range data {
			data[i] = float32((2*r.Float64() - 1) * bound)
		}
	}
}

// Constant fills with a value.
func Constant(v float32) func(*rand.Rand, []float32) {
	return func(_ *rand.Rand, data []float32) {
		for i := range data {
			data[i] = v
		}
	}
}

// IdentityMatrix is the n×n identity.
func IdentityMatrix(n int) func(*rand.Rand, []float32) {
	return func(_ *rand.Rand, data []float32) {
		clear(data)
		for i := range n {
			data[i*n+i] = 1
		}
	}
}

// NotFinite gives the first parameter with a value that is no finite number; nil if there is none.
// The loss does not always tell: where an activation takes NaN for 0, it stays finite.
func NotFinite(params []*Param) *Param {
	for _, p := range params {
		if !finite(p.Data) {
			return p
		}
	}
	return nil
}

// finite says whether all values are finite numbers: 0 times any other is NaN.
func finite(x []float32) bool {
	var sum float32
	for _, v := range x {
		sum += 0 * v
	}
	return sum == 0
}
