package adopt

import (
	"errors"

	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/supernet"
)

// ErrNetwork is wrapped by errors about files whose network cannot be adopted.
var ErrNetwork = errors.New("not a network that can be adopted")

// Network is a trained network in the terms of a space.
type Network struct {
	Stem   Conv
	Blocks []Block
	Expand *Conv // 1x1 convolution before the mean over pixels; nil without
	// Features is a fully connected layer after the mean, with its activation; nil without.
	Features   *Conv
	Classifier Conv

	graph *onnxgraph.Graph // that the network was recognised in; nil of a state dict
	input input
}

// Conv is a convolution, or a fully connected layer, with what follows it directly.
type Conv struct {
	Where     string // the key of its weight, or its node, for errors
	Depthwise bool
	In, Out   int
	Kernel    int
	Stride    int
	// Pads are the zeros around the input; nil where the file does not say.
	Pads   *supernet.Pads
	Weight []float32 // (out,in,kernel,kernel), or (channels,kernel,kernel)
	Bias   []float32 // (out); nil without
	Norm   *Norm     // nil where it was folded into weight and bias, or never was
	Act    supernet.Act
	output string    // of a graph: the value that the convolution's node gives
	own    []float32 // the bias that is in it; nil without
	seen   *moments  // what that value was on images; nil if it was not measured
}

// Norm is batch norm, each of its tensors (out).
type Norm struct {
	Scale, Shift, Mean, Var []float32
	// Eps is 0 where the file does not say.
	Eps float64
}

// Block is an MBConv block.
type Block struct {
	Where     string // its place in the file
	Expand    *Conv  // nil without
	Depthwise Conv
	Gate      *Gate // nil without squeeze-and-excitation
	Project   Conv
	Skip      bool
}

// Gate is squeeze-and-excitation: the activation of Reduce is that of the hidden channels, the one
// of Expand gives the gate.
type Gate struct{ Reduce, Expand Conv }

// mid is the number of middle channels.
func (b *Block) mid() int { return b.Depthwise.Out }

// in is the number of input channels.
func (b *Block) in() int {
	if b.Expand != nil {
		return b.Expand.In
	}
	return b.Depthwise.In
}

// units lists the convolutions of a block that batch norm follows.
func (b *Block) units() []*Conv {
	if b.Expand == nil {
		return []*Conv{&b.Depthwise, &b.Project}
	}
	return []*Conv{b.Expand, &b.Depthwise, &b.Project}
}

// units lists all convolutions of the network that batch norm follows, in order of execution.
func (n *Network) units() []*Conv {
	all := []*Conv{&n.Stem}
	for i := range n.Blocks {
		all = append(all, n.Blocks[i].units()...)
	}
	if n.Expand != nil {
		all = append(all, n.Expand)
	}
	return all
}

// folded lists the convolutions whose batch norm is in their weights.
func (n *Network) folded() []*Conv {
	var all []*Conv
	for _, c := range n.units() {
		if c.Norm == nil {
			all = append(all, c)
		}
	}
	return all
}
