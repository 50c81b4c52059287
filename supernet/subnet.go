package supernet

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/store"
)

// Subnet is a network that stands alone: its own weights at exactly the size it needs, and its batch norm statistics.
type Subnet struct {
	Blocks []Block
	BNEps  float64
	params nn.Params
	layers map[string]layer
}

// newSubnet makes a sub-network with weights yet to be set.
func newSubnet(blocks []Block, eps float64) *Subnet {
	s := &Subnet{Blocks: blocks, BNEps: eps, params: nn.Params{Statistics: true}}
	s.layers = s.build(&s.params)
	return s
}

func (s *Subnet) build(p *nn.Params) map[string]layer {
	layers := map[string]layer{}
	for _, b := range s.Blocks {
		layers[b.Name] = newLayer(p, b, []int{b.Kernel}, false, s.BNEps)
	}
	return layers
}

// NewSubnet makes a network of the given blocks with random weights, for timing or training; of those of blocks with [Block.Zeros]
// so many are zero, at random places.
func NewSubnet(blocks []Block, eps float64, seed uint64) (*Subnet, error) {
	if err := cmp.Or(CheckBlocks(blocks), checkEps(eps)); err != nil {
		return nil, err
	}
	s := newSubnet(blocks, eps)
	s.params.Init(seed)
	s.zero(seed)
	return s, nil
}

// LoadSubnet makes a network of the given blocks with the weights of a file. What the blocks say of zeros must be true of these.
func LoadSubnet(blocks []Block, eps float64, f *store.TensorFile) (*Subnet, error) {
	if err := cmp.Or(CheckBlocks(blocks), checkEps(eps)); err != nil {
		return nil, err
	}
	if err := enough(blocks, f); err != nil { // before memory is taken for what the blocks claim
		return nil, err
	}
	s := newSubnet(blocks, eps)
	if err := load(f, s.params.List, func(p *nn.Param) []float32 { return p.Data }); err != nil {
		return nil, err
	}
	if err := s.CheckZeros(); err != nil {
		return nil, err
	}
	return s, nil
}

// enough refuses a network that claims far more parameters than its file has. That one is missing, loading says better.
func enough(blocks []Block, f *store.TensorFile) error {
	var have int64
	for _, t := range f.Tensors {
		have += int64(len(t.Data))
	}
	if want := Params(blocks); want > 4*have+1<<20 {
		return fmt.Errorf("the weights are of another network: they are %d numbers, this one has %d parameters", have, want)
	}
	return nil
}

// Extract copies the network that is bound to a runner out of its supernet, with the statistics of its last calibration.
func (r *Runner) Extract(blocks []Block, eps float64) *Subnet {
	s := newSubnet(blocks, eps)
	from := r.params.ByName()
	for _, p := range s.params.List {
		if src := from[p.Name]; src != nil && !strings.HasSuffix(p.Name, ".depthwise.weight") {
			copyLeading(p.Data, p.Shape, src.Data, src.Shape)
		}
	}
	for i, b := range blocks {
		to, bound := s.layers[b.Name], r.bound[i]
		for j, n := range bound.norms() {
			copy(to.norms()[j].Mean, n.Mean)
			copy(to.norms()[j].Var, n.Var)
		}
		if m, ok := bound.(*mbconv); ok {
			copy(to.(*mbconv).depthwise.Weight().Data, m.depthwise.Kernel())
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

// Runner makes something that runs the network on the pool.
func (s *Subnet) Runner(pool *nn.Pool) *Runner {
	p := &nn.Params{Share: s.params.ByName(), Statistics: true}
	r := newRunner(pool, p)
	r.layers = s.build(p)
	return r
}

// Tensors lists weights and statistics for saving, in the layouts of [Supernet.Tensors].
func (s *Subnet) Tensors() []store.Tensor {
	return tensorsOf(s.params.List, func(p *nn.Param) []float32 { return p.Data })
}

// Bounds of a block list from outside: values of one activation of one image, and parameters of the network.
const (
	maxActivation = 1 << 28
	maxParams     = 1 << 28
)

// CheckBlocks says whether a list of blocks, such as a manifest holds, is a network: known kinds, sizes in range, each
// block's input the output of the one before, names distinct.
func CheckBlocks(blocks []Block) error {
	if len(blocks) == 0 {
		return fmt.Errorf("a network needs at least one block")
	}
	names := blockNames{}
	var params int64
	for i, b := range blocks {
		if err := b.check(); err != nil {
			return fmt.Errorf("block %d (%q): %w", i, b.Name, err)
		}
		if params += b.Params(); params > maxParams {
			return fmt.Errorf("block %d (%q): the network has more than %d parameters", i, b.Name, maxParams)
		}
		if i > 0 && b.In != blocks[i-1].Out {
			return fmt.Errorf("block %d (%q): takes %v, but block %d gives %v", i, b.Name, b.In, i-1, blocks[i-1].Out)
		}
		if i > 0 && !b.follows(blocks[i-1]) {
			return fmt.Errorf("block %d (%q): a %s cannot follow a %s here; a network is images, a convolution, mbconv blocks, 1x1 convolutions, "+
				"a pool, then 1x1 convolutions without batch norm and linear layers; "+
				"or images, convolutions with bias and max pools, then linear layers", i, b.Name, b.Kind, blocks[i-1].Kind)
		}
		if b.Name == "" || !names.add(b.Name) {
			return fmt.Errorf("block %d: name %q is taken, or part of another", i, b.Name)
		}
	}
	return nil
}

// blockNames are names of which none is the beginning of another, so that neither are the names of weights: true for a
// name, false for the beginning of one.
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

// follows says whether the block can work on what another gives: maps of a convolution with batch norm, whose normalisation is
// left to the next; plain maps; or features without height and width, which are only multiplied.
func (b Block) follows(prev Block) bool {
	multiplied := func(b Block) bool { return b.Kind == Linear || b.Kind == Conv && !b.BN && !b.Bias }
	switch {
	case prev.plain():
		return b.plain() || b.Kind == Linear
	case prev.Kind == Pool || multiplied(prev):
		return multiplied(b)
	}
	return !b.plain() && !multiplied(b) && (b.Kind != Conv || b.Kernel == 1)
}

// plain says whether the block works on maps as they are, as networks without batch norm do.
func (b Block) plain() bool { return b.Kind == MaxPool || b.Kind == Conv && b.Bias }

func (b Block) check() error {
	for _, s := range []Shape{b.In, b.Out} {
		if s.H < 1 || s.W < 1 || s.C < 1 || s.H > maxResolution || s.W > maxResolution || s.C > 1<<20 || s.Len() > maxActivation {
			return fmt.Errorf("shape %v is out of range", s)
		}
	}
	if err := b.checkZeros(); err != nil {
		return err
	}
	switch b.Kind {
	case Pool, Linear:
		return b.checkHead()
	case MaxPool:
		return b.checkMaxPool()
	case Conv, MBConv:
	default:
		return fmt.Errorf("kind %q is unknown; use conv, mbconv, pool, maxpool or linear", b.Kind)
	}
	if b.Kind == Conv && b.Bias {
		return b.checkPlainConv()
	}
	if b.Bias || b.Valid {
		return fmt.Errorf("only a convolution without batch norm has a bias, and only one with bias can do without padding")
	}
	if err := b.Act.check(); err != nil {
		return err
	}
	if b.Kernel < 1 || b.Kernel%2 == 0 || b.Kernel > 15 || b.Stride < 1 || b.Stride > 2 {
		return fmt.Errorf("kernel %d with stride %d does not exist", b.Kernel, b.Stride)
	}
	if b.Out.H != strided(b.In.H, b.Stride) || b.Out.W != strided(b.In.W, b.Stride) {
		return fmt.Errorf("%dx%d with stride %d does not give %dx%d", b.In.H, b.In.W, b.Stride, b.Out.H, b.Out.W)
	}
	if b.Kind == MBConv && b.In.H*b.In.W*b.Mid > maxActivation {
		return fmt.Errorf("%d middle channels at %dx%d are out of range", b.Mid, b.In.H, b.In.W)
	}
	if b.Kind == MBConv && (b.Mid < 1 || b.Mid > 1<<20 || b.SE < 0 || b.SE > b.Mid || b.Skip && b.In != b.Out) {
		return fmt.Errorf("middle channels %d, SE %d or the shortcut do not fit", b.Mid, b.SE)
	}
	if b.Kind == MBConv && !b.BN {
		return fmt.Errorf("an mbconv block has batch norm")
	}
	if b.Kind == Conv && (b.Mid != 0 || b.SE != 0 || b.Skip) {
		return fmt.Errorf("a convolution has no middle channels, SE or shortcut")
	}
	if b.Kind == Conv && !b.BN && (b.Kernel != 1 || b.In.H != 1 || b.In.W != 1) {
		return fmt.Errorf("a convolution without batch norm is only supported as 1x1 on one pixel")
	}
	if b.Kind == Conv && b.Kernel == 1 && b.Stride != 1 {
		return fmt.Errorf("a 1x1 convolution with stride %d is not supported", b.Stride)
	}
	return nil
}

// checkHead checks a global pool or a linear layer.
func (b Block) checkHead() error {
	if b.Out.H != 1 || b.Out.W != 1 || b.Kind == Pool && b.In.C != b.Out.C {
		return fmt.Errorf("a %s from %v to %v does not exist", b.Kind, b.In, b.Out)
	}
	if b.Kind == Linear && b.Act != "" {
		if err := b.Act.check(); err != nil {
			return err
		}
		b.Act = ""
	}
	if b != (Block{Name: b.Name, Kind: b.Kind, In: b.In, Out: b.Out, Zeros: b.Zeros, Run: b.Run}) {
		what := map[Kind]string{Pool: "an input and an output", Linear: "an input, an output, perhaps an activation"}[b.Kind]
		return fmt.Errorf("a %s has %s and nothing else", b.Kind, what)
	}
	return nil
}
