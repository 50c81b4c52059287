package supernet

import (
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/internal/nn"
)

// Kind is what a block is.
type Kind string

// The kinds of block. All that this package knows of a kind is in its file, kind*.go.
const (
	Conv    Kind = "conv"    // dense convolution
	MBConv  Kind = "mbconv"  // inverted residual: expand, depthwise, optional SE, project
	Pool    Kind = "pool"    // global mean over height and width
	MaxPool Kind = "maxpool" // largest value of every window, without padding
	Linear  Kind = "linear"  // fully connected, with bias, on the input as one vector
)

// kinds is the table of kinds: a new one is a line here and a file.
var kinds = []struct {
	name Kind
	kind blockKind
}{
	{Conv, convKind{}}, {MBConv, mbconvKind{}}, {Pool, poolKind{}}, {MaxPool, maxPoolKind{}},
	{Linear, linearKind{}},
}

// blockKind is what a kind of block has to say.
type blockKind interface {
	// check refuses a block that the engine cannot run. Its shapes are in range.
	check(b Block) error
	// ops lowers a block to operations: see [Block.Ops].
	ops(b Block) []Op
	// signals are what the block works on, any of takes, and what it gives.
	signals(b Block) (takes, gives signal)
	// layer makes what runs the block, at its full size.
	layer(p *nn.Params, b Block, o layerOptions) layer
	// mids lists the numbers of middle channels that removal of channels may leave: see
	// [Block.Mids].
	mids(b Block) []int
}

// layerOptions is what a layer needs to know besides its block.
type layerOptions struct {
	kernels    []int // that its depthwise convolution may have, ascending; nil: that of the block
	transforms bool  // smaller kernels are learned maps of larger ones
	eps        float64
}

// kind looks the block's kind up.
func (b Block) kind() (blockKind, error) {
	for _, k := range kinds {
		if k.name == b.Kind {
			return k.kind, nil
		}
	}
	return nil, fmt.Errorf("kind %q is unknown; use %s", string(b.Kind), kindNames())
}

// mustKind is kind of a block that is known to be checked.
func (b Block) mustKind() blockKind {
	k, err := b.kind()
	if err != nil {
		panic("supernet: a block of unknown kind, which Block.Check refuses")
	}
	return k
}

// kindNames lists the kinds for people.
func kindNames() string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k.name))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// UnmarshalText reads a kind from a document, and refuses one that does not exist.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = Kind(text)
	_, err := Block{Kind: *k}.kind()
	return err
}

// signal is the form of what one block hands on: which blocks may follow. The first block of a
// network works on images.
type signal uint8

const (
	normedMaps signal = 1 << iota // of a convolution, whose batch norm is left to the next block
	wholeMaps                     // as they are in memory, as networks without batch norm have them
	features                      // without height and width
)

// follows says whether the block can work on what another gives.
func (b Block) follows(prev Block) bool {
	takes, _ := b.mustKind().signals(b)
	_, gives := prev.mustKind().signals(prev)
	return takes&gives != 0
}
