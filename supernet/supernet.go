package supernet

import (
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
)

// Supernet is the weights of the largest network of a space, which every sub-network shares.
type Supernet struct {
	Space   *Space
	full    []Block          // the largest network that any gene allows
	kernels map[string][]int // by block of a stage: the kernels that it may have, ascending
	params  nn.Params
	layers  map[string]layer // as built; holds the structure for sorting
	internals
}

// internals are for tailor's own rooms.
type internals = weights.Held

// New makes a supernet of a space, which must not be nil, with random weights, for training.
func New(space *Space, seed uint64) *Supernet {
	return newSupernet(space, nn.Params{Train: true}, seed)
}

// NewWithStatistics makes a supernet for weights that others trained, of a space, which must not be
// nil. Batch norm statistics are among its [Supernet.Tensors], and are what sub-networks run with
// until they are calibrated.
func NewWithStatistics(space *Space) *Supernet {
	return newSupernet(space, nn.Params{Statistics: true}, 0)
}

func newSupernet(space *Space, params nn.Params, seed uint64) *Supernet {
	full := space.fullAt(space.MaxResolution())
	s := &Supernet{Space: space, full: full.blocks, kernels: map[string][]int{}, params: params}
	for i, at := range full.places {
		if at != outside {
			s.kernels[full.blocks[i].Name] = space.Stages[at.stage].Kernel
		}
	}
	s.layers = s.build(&s.params)
	s.params.Init(seed)
	s.internals = weights.Hold(&s.params, func(pool *nn.Pool) any { return s.runner(pool) })
	return s
}

func (s *Supernet) build(p *nn.Params) map[string]layer {
	layers := map[string]layer{}
	for _, b := range s.full {
		o := layerOptions{kernels: s.kernels[b.Name], transforms: s.Space.KernelTransform,
			eps: s.Space.BNEps}
		layers[b.Name] = b.mustKind().layer(p, b, o)
	}
	return layers
}

// fullAt is the network with every stage at full depth, width and kernel, which no arch need be
// (where depth decides width, the widest need not be the deepest).
func (s *Space) fullAt(resolution int) builder {
	free := *s
	free.Stages = slices.Clone(s.Stages)
	for i := range free.Stages {
		st := &free.Stages[i]
		e := st.expands()
		st.Depth, st.Kernel = []int{st.maxDepth()}, st.Kernel[len(st.Kernel)-1:]
		st.Expand, st.ExpandByDepth = e[len(e)-1:], nil
	}
	free.arrange()
	return free.build(Arch{Resolution: uint16(resolution)})
}

// runner makes something that trains and runs sub-networks on the pool.
func (s *Supernet) runner(pool *nn.Pool) *runner {
	p := &nn.Params{Share: s.params.ByName(), Train: s.params.Train}
	r := newRunner(pool, p)
	r.layers = s.build(p)
	for name, l := range r.layers {
		from := s.layers[name].norms()
		for i, n := range l.norms() {
			copy(n.Mean, from[i].Mean)
			copy(n.Var, from[i].Var)
		}
	}
	return r
}

// Tensor is weights under a name, the last dimension fastest. No Shape at all is a single number.
// Files have the same type, hence it has no name of its own.
type Tensor = struct {
	Name  string
	Shape []int
	Data  []float32
}

// Tensors lists the weights: kernels as (height,width,in,out), depthwise as
// (height,width,channels), 1x1 and linear as (in,out). The data is the network's own.
func (s *Supernet) Tensors() []Tensor { return weights.Tensors(s) }
