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
	Conv   Kind = "conv"   // dense convolution
	MBConv Kind = "mbconv" // inverted residual: expand, depthwise, optional SE, project
	// reduce, dense convolution, expand; a shortcut, with a convolution in a stage's first block
	Bottleneck Kind = "bottleneck"
	Pool       Kind = "pool"    // global mean over height and width
	MaxPool    Kind = "maxpool" // largest value of every window, without padding
	// the same with (kernel-1)/2 pixels around that are less than anything, of maps with batch norm
	PaddedMaxPool Kind = "padded_maxpool"
	Linear        Kind = "linear" // fully connected, with bias, on the input as one vector
)

// kinds is the table of kinds: a new one is a line here and a file.
var kinds = []struct {
	name Kind
	kind blockKind
}{
	{Conv, convKind{}}, {MBConv, mbconvKind{}}, {Bottleneck, bottleneckKind{}}, {Pool, poolKind{}},
	{MaxPool, maxPoolKind{}}, {PaddedMaxPool, paddedMaxPoolKind{}}, {Linear, linearKind{}},
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
	// channels is the number of middle channels of the block's own: see [Block.MiddleChannels].
	channels(b Block) int
	// mids lists the numbers of them that removal of channels may leave: see [Block.Mids].
	mids(b Block) []int
	// remove takes so many of them away, from 0 on; false if the block cannot do without.
	remove(b Block, channels int) (Block, bool)
	// removed is how many of them v lacks; false if v is not b without channels.
	removed(b, v Block) (channels int, ok bool)
}

// noChannels is for kinds without middle channels.
type noChannels struct{}

func (noChannels) channels(Block) int { return 0 }

func (noChannels) mids(Block) []int { return nil }

func (noChannels) remove(b Block, channels int) (Block, bool) { return b, channels == 0 }

func (noChannels) removed(b, v Block) (channels int, ok bool) { return 0, b == v }

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

// String describes any of several signals.
func (s signal) String() string {
	var all []string
	for _, one := range []struct {
		signal signal
		text   string
	}{
		{normedMaps, "maps with batch norm"}, {wholeMaps, "maps without batch norm"},
		{features, "features without height and width"},
	} {
		if s&one.signal != 0 {
			all = append(all, one.text)
		}
	}
	if all == nil {
		return "images alone"
	}
	return strings.Join(all, " or ")
}

// checkFollows refuses a block that cannot work on what another gives.
func (b Block) checkFollows(prev Block) error {
	takes, _ := b.mustKind().signals(b)
	_, gives := prev.mustKind().signals(prev)
	if takes&gives == 0 {
		return fmt.Errorf("a %s cannot follow a %s here: it takes %v, and that gives %v", b.Kind,
			prev.Kind, takes, gives)
	}
	return nil
}
