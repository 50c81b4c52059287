package supernet

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
)

// Supernet is the weights of the largest network of a space, which every sub-network shares.
type Supernet struct {
	Space   *Space
	full    []Block          // the largest network that any gene allows
	kernels map[string][]int // by block of a stage: the kernels that it may have, ascending
	params  nn.Params
	layers  map[string]layer // as built; holds the structure for sorting
}

// New makes a supernet with random weights, for training.
func New(space *Space, seed uint64) *Supernet {
	full := space.fullAt(space.MaxResolution())
	s := &Supernet{Space: space, full: full.blocks, kernels: map[string][]int{},
		params: nn.Params{Train: true}}
	for i, at := range full.places {
		if at != outside {
			s.kernels[full.blocks[i].Name] = space.Stages[at.stage].Kernel
		}
	}
	s.layers = s.build(&s.params)
	s.params.Init(seed)
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

// Params are the weights at full size, in a fixed order.
func (s *Supernet) Params() []*nn.Param { return s.params.List }

// Runner makes something that trains and runs sub-networks on the pool.
func (s *Supernet) Runner(pool *nn.Pool) *Runner {
	p := &nn.Params{Share: s.params.ByName(), Train: s.params.Train}
	r := newRunner(pool, p)
	r.layers = s.build(p)
	return r
}

// Tensors lists the weights for saving: kernels as (height,width,in,out), depthwise as
// (height,width,channels), 1x1 and linear as (in,out).
func (s *Supernet) Tensors() []safetensors.Tensor {
	return tensorsOf(s.params.List, func(p *nn.Param) []float32 { return p.Data })
}

// Momentum lists the optimiser's state, under the names of the weights.
func (s *Supernet) Momentum() []safetensors.Tensor {
	return tensorsOf(s.params.List, func(p *nn.Param) []float32 { return p.Momentum })
}

func tensorsOf(params []*nn.Param, of func(*nn.Param) []float32) []safetensors.Tensor {
	t := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		t[i] = safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: of(p)}
	}
	return t
}

// Load sets the weights from a file.
func (s *Supernet) Load(f *safetensors.File) error {
	return load(f, s.params.List, func(p *nn.Param) []float32 { return p.Data })
}

// LoadMomentum sets the optimiser's state from a file.
func (s *Supernet) LoadMomentum(f *safetensors.File) error {
	return load(f, s.params.List, func(p *nn.Param) []float32 { return p.Momentum })
}

// load copies every parameter from a file that must hold exactly these.
func load(f *safetensors.File, params []*nn.Param, into func(*nn.Param) []float32) error {
	for _, p := range params {
		t, ok := f.Lookup(p.Name)
		if !ok {
			return fmt.Errorf("tensor %s is missing; the file holds another network", p.Name)
		}
		if !slices.Equal(t.Shape, p.Shape) {
			return fmt.Errorf("tensor %s is %v, expected %v; the file holds another network",
				p.Name, t.Shape, p.Shape)
		}
	}
	if len(f.Tensors) != len(params) {
		return fmt.Errorf("%d tensors, expected %d; the file holds another network", len(f.Tensors),
			len(params))
	}
	for _, p := range params {
		t, _ := f.Lookup(p.Name)
		copy(into(p), t.Data)
	}
	return nil
}
