package supernet

import (
	"cmp"
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
)

// Subnet is a network that stands alone: its own weights at exactly the size it needs, and its
// batch norm statistics.
type Subnet struct {
	Blocks []Block
	BNEps  float64
	params nn.Params
	layers map[string]layer
	internals
}

// newSubnet makes a sub-network with weights yet to be set.
func newSubnet(blocks []Block, eps float64) *Subnet {
	s := &Subnet{Blocks: blocks, BNEps: eps, params: nn.Params{Statistics: true}}
	s.layers = s.build(&s.params)
	s.internals = weights.HoldParts(&s.params,
		func(pool *nn.Pool) any { return s.runner(pool) }, s.middleChannels, s.matrices)
	return s
}

func (s *Subnet) build(p *nn.Params) map[string]layer {
	layers := map[string]layer{}
	for _, b := range s.Blocks {
		layers[b.Name] = b.mustKind().layer(p, b, layerOptions{eps: s.BNEps})
	}
	return layers
}

// NewSubnet makes a network of the given blocks with random weights, for timing or training; of
// those of blocks with [Block.Zeros] so many are zero, at random places.
func NewSubnet(blocks []Block, eps float64, seed uint64) (*Subnet, error) {
	if err := cmp.Or(CheckBlocks(blocks), checkEps(eps)); err != nil {
		return nil, err
	}
	s := newSubnet(blocks, eps)
	s.params.Init(seed)
	s.zero(seed)
	return s, nil
}

// LoadSubnet makes a network of the given blocks with weights, as [Subnet.Tensors] lists them. What
// the blocks say of zeros must be true of these.
func LoadSubnet(blocks []Block, eps float64, from []Tensor) (*Subnet, error) {
	if err := cmp.Or(CheckBlocks(blocks), checkEps(eps)); err != nil {
		return nil, err
	}
	if err := enough(blocks, from); err != nil { // before memory is taken for what the blocks claim
		return nil, err
	}
	s := newSubnet(blocks, eps)
	if err := weights.Load(s, from); err != nil {
		return nil, err
	}
	if err := s.CheckZeros(); err != nil {
		return nil, err
	}
	return s, nil
}

// enough refuses a network that claims far more parameters than its file has. That one is missing,
// loading says better.
func enough(blocks []Block, from []Tensor) error {
	var have int64
	for _, t := range from {
		have += int64(len(t.Data))
	}
	if want := Params(blocks); want > 4*have+1<<20 {
		return fmt.Errorf("the weights are of another network: they are %d numbers, this one has %d parameters", have, want)
	}
	return nil
}

// Extract copies the network that is bound to a runner out of its supernet, with the statistics of
// its last calibration.
func (r *runner) Extract(blocks []Block, eps float64) *Subnet {
	s := newSubnet(blocks, eps)
	from := r.params.ByName()
	for _, p := range s.params.List {
		if src := from[p.Name]; src != nil {
			copyLeading(p.Data, p.Shape, src.Data, src.Shape)
		}
	}
	to := s.params.ByName()
	for i, b := range blocks {
		norms, bound := s.layers[b.Name].norms(), r.bound[i]
		for j, n := range bound.norms() {
			copy(norms[j].Mean, n.Mean)
			copy(norms[j].Var, n.Var)
		}
		if d, ok := bound.(deriver); ok {
			for name, data := range d.derived() {
				copy(to[name].Data, data)
			}
		}
	}
	return s
}

func checkEps(eps float64) error {
	if !(eps > 0 && eps <= 0.1) {
		return fmt.Errorf("batch norm epsilon is %g, expected above 0, at most 0.1", eps)
	}
	return nil
}

// copyLeading copies the leading corner of a larger tensor.
func copyLeading(dst []float32, shape []int, src []float32, srcShape []int) {
	if len(shape) == 1 {
		copy(dst[:shape[0]], src)
		return
	}
	d, s := len(dst)/shape[0], len(src)/srcShape[0]
	for i := range shape[0] {
		copyLeading(dst[i*d:][:d], shape[1:], src[i*s:][:s], srcShape[1:])
	}
}

// runner makes something that runs the network on the pool.
func (s *Subnet) runner(pool *nn.Pool) *runner {
	p := &nn.Params{Share: s.params.ByName(), Statistics: true}
	r := newRunner(pool, p)
	r.layers = s.build(p)
	return r
}

// Tensors lists weights and statistics, in the layouts of [Supernet.Tensors]. The data is the
// network's own.
func (s *Subnet) Tensors() []Tensor { return weights.Tensors(s) }

// Bounds of a block list from outside: values of one activation of one image, and parameters of the
// network.
const (
	maxActivation = 1 << 28
	maxParams     = 1 << 28
)

// CheckBlocks says whether a list of blocks, such as a manifest holds, is a network: known kinds,
// sizes in range, each block's input the output of the one before, names distinct.
func CheckBlocks(blocks []Block) error {
	if len(blocks) == 0 {
		return fmt.Errorf("a network needs at least one block")
	}
	names := blockNames{}
	var params int64
	for i, b := range blocks {
		if err := b.Check(); err != nil {
			return fmt.Errorf("block %d (%q): %w", i, b.Name, err)
		}
		if params += b.Params(); params > maxParams {
			return fmt.Errorf("block %d (%q): the network has more than %d parameters", i, b.Name,
				maxParams)
		}
		if i > 0 && b.In != blocks[i-1].Out {
			return fmt.Errorf("block %d (%q): takes %v, but block %d gives %v", i, b.Name, b.In,
				i-1, blocks[i-1].Out)
		}
		if i > 0 {
			if err := b.checkFollows(blocks[i-1]); err != nil {
				return fmt.Errorf("block %d (%q): %w", i, b.Name, err)
			}
		}
		if b.Name == "" || !names.add(b.Name) {
			return fmt.Errorf("block %d: name %q is taken, or part of another", i, b.Name)
		}
	}
	return nil
}

// blockNames are names of which none is the beginning of another, so that neither are the names of
// weights: true for a name, false for the beginning of one.
type blockNames map[string]bool

func (n blockNames) add(name string) bool {
	if _, taken := n[name]; taken {
		return false
	}
	n[name] = true
	for i, c := range name {
		if c == '.' && n[name[:i]] {
			return false
		} else if c == '.' {
			n[name[:i]] = false
		}
	}
	return true
}
