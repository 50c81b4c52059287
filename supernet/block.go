package supernet

import (
	"fmt"
	"strings"
)

// Shape is the size of an activation of one image.
type Shape struct {
	H int `json:"h"`
	W int `json:"w"`
	C int `json:"c"`
}

// Len is the number of values.
func (s Shape) Len() int { return s.H * s.W * s.C }

// Block is one concrete building block of a network. It is comparable; [Block.Key] identifies the
// work it does, without its place in the network.
type Block struct {
	Name string `json:"name"` // where its weights are, "stages.2.0"
	Kind Kind   `json:"kind"`
	In   Shape  `json:"in"`
	Out  Shape  `json:"out"`
	// MBConv: channels of the depthwise convolution; In.C means no expand convolution
	Mid    int `json:"mid,omitempty"`
	Kernel int `json:"kernel,omitempty"`
	Stride int `json:"stride,omitempty"`
	Act    Act `json:"act,omitempty"`
	// MBConv: hidden channels of squeeze-and-excitation, 0 for none
	SE int `json:"se,omitempty"`
	// the activation of these, ReLU if empty, and of the gate, HSigmoid if empty
	SEAct  Act  `json:"se_act,omitempty"`
	SEGate Act  `json:"se_gate,omitempty"`
	Skip   bool `json:"skip,omitempty"`
	BN     bool `json:"bn,omitempty"`
	Bias   bool `json:"bias,omitempty"` // Conv: a bias instead of batch norm
	// Conv with bias: no padding, so that the output is smaller by Kernel-1
	Valid bool `json:"valid,omitempty"`
	// Padding of a Conv or MBConv with stride 2 that is not Valid.
	Padding Padding `json:"padding,omitempty"`
	// Zeros is how many percent of the weights of the block's 1x1 convolutions or of its linear
	// layer pruning has set to zero, rounded down; a runtime may skip them. Run says how they lie:
	// each weight on its own (0), or in runs of 8 or 16 along the output channels that are zero
	// together.
	Zeros int `json:"zeros,omitempty"`
	Run   int `json:"run,omitempty"`
}

// Key names the work that the block does in float32: two blocks with one key cost the same on a
// device.
func (b Block) Key() string {
	var k strings.Builder
	fmt.Fprintf(&k, "%s-%dx%dx%d-%dx%dx%d", b.Kind, b.In.H, b.In.W, b.In.C, b.Out.H, b.Out.W,
		b.Out.C)
	if b.Mid > 0 {
		fmt.Fprintf(&k, "-mid%d", b.Mid)
	}
	if b.Kernel > 0 {
		fmt.Fprintf(&k, "-k%d-s%d", b.Kernel, b.Stride)
	}
	if b.Act != "" {
		fmt.Fprintf(&k, "-%s", b.Act)
	}
	if b.SE > 0 {
		fmt.Fprintf(&k, "-se%d", b.SE)
	}
	if b.SEAct != "" {
		fmt.Fprintf(&k, "-hidden_%s", b.SEAct)
	}
	if b.SEGate != "" {
		fmt.Fprintf(&k, "-gate_%s", b.SEGate)
	}
	if b.Skip {
		k.WriteString("-skip")
	}
	if b.BN {
		k.WriteString("-bn")
	}
	if b.Bias {
		k.WriteString("-bias")
	}
	if b.Valid {
		k.WriteString("-valid")
	}
	if b.Padding != "" {
		fmt.Fprintf(&k, "-%s", b.Padding)
	}
	if b.Zeros > 0 {
		fmt.Fprintf(&k, "-z%d", b.Zeros)
	}
	if b.Run > 0 {
		fmt.Fprintf(&k, "v%d", b.Run)
	}
	return k.String() + "-f32"
}

// Blocks is the network that an arch of this space stands for, in order of execution. The arch must
// be one of the space ([Space.Check]); its resolution may be any, since shapes follow from it.
func (s *Space) Blocks(a Arch) []Block { return s.build(a).blocks }

func (s *Space) build(a Arch) builder {
	b := builder{space: s, at: Shape{int(a.Resolution), int(a.Resolution), s.Channels}}
	b.conv("stem", s.width(s.Stem.Width), s.stemKernel(), s.Stem.Stride, s.Stem.Act, true)
	for i := range s.Stages {
		for j := range s.depth(a, i) {
			b.mbconv(&s.Stages[i], place{i, j}, s.kernel(a, i, j), s.expand(a, i, j))
		}
	}
	if s.Head.Expand > 0 {
		b.conv("head.expand", s.width(s.Head.Expand), 1, 1, s.Head.Act, true)
	}
	b.pool("head.pool")
	switch {
	case s.Head.Features > 0 && s.Head.FeaturesBias:
		b.linear("head.features", s.width(s.Head.Features), s.Head.Act)
	case s.Head.Features > 0:
		b.conv("head.features", s.width(s.Head.Features), 1, 1, s.Head.Act, false)
	}
	b.linear("head.classifier", s.Classes, "")
	return b
}

// builder puts blocks behind each other. Each kind has its method, in the kind's file.
type builder struct {
	space  *Space
	at     Shape
	blocks []Block
	places []place // of each block
}

// place is where a block stands in the stages of a space.
type place struct{ stage, index int }

// outside is the place of a block that belongs to no stage.
var outside = place{-1, -1}

// name is the block's name.
func (p place) name() string { return fmt.Sprintf("stages.%d.%d", p.stage, p.index) }

func (b *builder) add(block Block) { b.addAt(outside, block) }

func (b *builder) addAt(at place, block Block) {
	block.In = b.at
	b.blocks, b.places = append(b.blocks, block), append(b.places, at)
	b.at = block.Out
}

// strided is the output side of a convolution with "same" padding. Packages kernel and reference
// compute theirs from sides, kernel and padding: they know no blocks, and a test that runs a block
// finds where theirs is not the size that is written here.
func strided(side, stride int) int { return (side-1)/stride + 1 }

// windowed is the output shape of a window of Kernel x Kernel pixels that stays inside the input;
// zero if it is larger.
func (b Block) windowed(channels int) Shape {
	if b.In.H < b.Kernel || b.In.W < b.Kernel {
		return Shape{}
	}
	return Shape{(b.In.H-b.Kernel)/b.Stride + 1, (b.In.W-b.Kernel)/b.Stride + 1, channels}
}
