package supernet

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
)

// flow is the values themselves that one block hands on: images, a unit's output, or a vector:
// features, or a map that is whole in memory.
type flow struct {
	images []float32
	unit   *nn.Unit
	vector *nn.Vector
}

// layer is a block of a network as the engine runs it.
type layer interface {
	// bind makes the layer run at the block's active size on what comes in, and gives what goes
	// out. out is the slot of memory that what crosses the block may use.
	bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow
	forward()
	// backward adds weight gradients and gives what came in its gradient.
	backward()
	norms() []*nn.BatchNorm
}

// dropper is a layer that can drop values of its input.
type dropper interface {
	drop(rate float64, rnd *rand.Rand)
}

// deriver is a layer with weights that are computed from the supernet's; of all others a
// sub-network has the leading corner. derived gives them as bound, by name.
type deriver interface{ derived() map[string][]float32 }

// channelled is a layer that may have channels of its own, which pruning can take away.
type channelled interface {
	// channels lists what belongs to them, and nothing where there are none of its own.
	channels() []weights.ChannelMember
	// channelNorms are the batch norms with statistics of these channels.
	channelNorms() []*nn.BatchNorm
}

// sorter is a layer with channels inside it, of which sortChannels puts the most important ones
// first, but none past one of the given widths.
type sorter interface{ sortChannels(w widths) }

// source is the unit whose output comes in. Where a block runs on its own, on images, it is one
// that gives them as they are.
func (f flow) source(g *nn.Graph, b Block) *nn.Unit {
	if f.unit != nil {
		return f.unit
	}
	return g.InputUnit(f.images, b.In.H, b.In.W, b.In.C)
}

// maps is what comes in as a vector: the images, where the block is the first.
func (f flow) maps(g *nn.Graph, b Block) *nn.Vector {
	if f.vector != nil {
		return f.vector
	}
	return g.InputVector(f.images, b.In.Len())
}
