package supernet

import (
	"fmt"
	"math"
	"strings"
)

// Kind is what a block is.
type Kind string

// The kinds of block.
const (
	Conv    Kind = "conv"    // dense convolution, with batch norm if BN is set, bias if Bias is, then the activation
	MBConv  Kind = "mbconv"  // inverted residual: 1x1 expand, depthwise, optional SE, 1x1 project
	Pool    Kind = "pool"    // global mean over height and width
	MaxPool Kind = "maxpool" // largest value of every window of Kernel x Kernel pixels, without padding
	Linear  Kind = "linear"  // fully connected, with bias, perhaps an activation; maps are flattened as (height,width,channels)
)

// Shape is the size of an activation of one image.
type Shape struct {
	H int `json:"h"`
	W int `json:"w"`
	C int `json:"c"`
}

// Len is the number of values.
func (s Shape) Len() int { return s.H * s.W * s.C }

// Block is one concrete building block of a network. It is comparable; [Block.Key] identifies the work it does, without
// its place in the network.
type Block struct {
	Name   string `json:"name"` // where its weights are, "stages.2.0"
	Kind   Kind   `json:"kind"`
	In     Shape  `json:"in"`
	Out    Shape  `json:"out"`
	Mid    int    `json:"mid,omitempty"` // MBConv: channels of the depthwise convolution; In.C means no expand convolution
	Kernel int    `json:"kernel,omitempty"`
	Stride int    `json:"stride,omitempty"`
	Act    Act    `json:"act,omitempty"`
	SE     int    `json:"se,omitempty"` // MBConv: hidden channels of squeeze-and-excitation, 0 for none
	Skip   bool   `json:"skip,omitempty"`
	BN     bool   `json:"bn,omitempty"`
	Bias   bool   `json:"bias,omitempty"`  // Conv: a bias instead of batch norm
	Valid  bool   `json:"valid,omitempty"` // Conv with bias: no padding, so that the output is smaller by Kernel-1
	// Zeros is how many percent of the weights of the block's 1x1 convolutions or of its linear layer pruning has set to
	// zero, rounded down; a runtime may skip them. Run says how they lie: each weight on its own (0), or in runs of 8 or 16
	// along the output channels that are zero together.
	Zeros int `json:"zeros,omitempty"`
	Run   int `json:"run,omitempty"`
}

// HasExpand says whether an MBConv block begins with a 1x1 expand convolution.
func (b Block) HasExpand() bool { return b.Kind == MBConv && b.Mid != b.In.C }

// Key names the work that the block does in float32: two blocks with one key cost the same on a device.
func (b Block) Key() string {
	var k strings.Builder
	fmt.Fprintf(&k, "%s-%dx%dx%d-%dx%dx%d", b.Kind, b.In.H, b.In.W, b.In.C, b.Out.H, b.Out.W, b.Out.C)
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
	if b.Zeros > 0 {
		fmt.Fprintf(&k, "-z%d", b.Zeros)
	}
	if b.Run > 0 {
		fmt.Fprintf(&k, "v%d", b.Run)
	}
	return k.String() + "-f32"
}

// MACs counts the multiply-accumulates of one image: convolutions, squeeze-and-excitation and linear layers.
func (b Block) MACs() int64 {
	outPixels := int64(b.Out.H) * int64(b.Out.W)
	inPixels := int64(b.In.H) * int64(b.In.W)
	in, out, mid, k := int64(b.In.C), int64(b.Out.C), int64(b.Mid), int64(b.Kernel)
	switch b.Kind {
	case Conv:
		return outPixels * k * k * in * out
	case Linear:
		return int64(b.In.Len()) * out
	case MBConv:
		n := outPixels*k*k*mid + outPixels*mid*out + 2*mid*int64(b.SE)
		if b.HasExpand() {
			n += inPixels * in * mid
		}
		return n
	}
	return 0
}

// Params counts the trained parameters: weights, biases, batch norm scales and shifts.
func (b Block) Params() int64 {
	in, out, mid, k, se := int64(b.In.C), int64(b.Out.C), int64(b.Mid), int64(b.Kernel), int64(b.SE)
	switch b.Kind {
	case Conv:
		n := k * k * in * out
		if b.BN {
			n += 2 * out
		}
		if b.Bias {
			n += out
		}
		return n
	case Linear:
		return int64(b.In.Len())*out + out
	case MBConv:
		n := k*k*mid + 2*mid + mid*out + 2*out
		if b.HasExpand() {
			n += in*mid + 2*mid
		}
		if se > 0 {
			n += 2*mid*se + se + mid
		}
		return n
	}
	return 0
}

// MACs sums over a network.
func MACs(blocks []Block) (n int64) {
	for _, b := range blocks {
		n += b.MACs()
	}
	return n
}

// Params sums over a network.
func Params(blocks []Block) (n int64) {
	for _, b := range blocks {
		n += b.Params()
	}
	return n
}

// Blocks is the network that an arch of this space stands for, in order of execution. The arch must be one of the space
// ([Space.Check]); its resolution may be any, since shapes follow from it.
func (s *Space) Blocks(a Arch) []Block {
	b := builder{space: s, at: Shape{int(a.Resolution), int(a.Resolution), s.Channels}}
	b.conv("stem", s.width(s.Stem.Width), 3, s.Stem.Stride, s.Stem.Act, true)
	for i := range s.Stages {
		for j := range s.depth(a, i) {
			b.mbconv(&s.Stages[i], i, j, s.kernel(a, i, j), s.expand(a, i, j))
		}
	}
	if s.Head.Expand > 0 {
		b.conv("head.expand", s.width(s.Head.Expand), 1, 1, s.Head.Act, true)
	}
	b.add(Block{Name: "head.pool", Kind: Pool, Out: Shape{1, 1, b.at.C}})
	if s.Head.Features > 0 {
		b.conv("head.features", s.width(s.Head.Features), 1, 1, s.Head.Act, false)
	}
	b.add(Block{Name: "head.classifier", Kind: Linear, Out: Shape{1, 1, s.Classes}})
	return b.blocks
}

type builder struct {
	space  *Space
	at     Shape
	blocks []Block
}

func (b *builder) add(block Block) {
	block.In = b.at
	b.blocks = append(b.blocks, block)
	b.at = block.Out
}

func (b *builder) conv(name string, width, kernel, stride int, act Act, bn bool) {
	out := Shape{strided(b.at.H, stride), strided(b.at.W, stride), width}
	b.add(Block{Name: name, Kind: Conv, Out: out, Kernel: kernel, Stride: stride, Act: act, BN: bn})
}

func (b *builder) mbconv(st *Stage, stage, index, kernel int, expand float64) {
	stride := 1
	if index == 0 {
		stride = st.Stride
	}
	in := b.at.C
	out := Shape{strided(b.at.H, stride), strided(b.at.W, stride), b.space.width(st.Width)}
	mid := in
	if expand != 1 {
		mid = MakeDivisible(math.Round(float64(in)*expand), channelDivisor)
	}
	se := 0
	if st.SE {
		se = MakeDivisible(float64(mid/4), channelDivisor)
	}
	b.add(Block{
		Name: fmt.Sprintf("stages.%d.%d", stage, index), Kind: MBConv, Out: out, Mid: mid, Kernel: kernel, Stride: stride,
		Act: st.Act, SE: se, Skip: stride == 1 && in == out.C, BN: true,
	})
}

// strided is the output side of a convolution with "same" padding.
func strided(side, stride int) int { return (side-1)/stride + 1 }
