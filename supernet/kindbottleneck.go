package supernet

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/nn"
)

// bottleneckKind is the residual block of ResNet-50 in its variant D (He et al., "Bag of tricks",
// CVPR 2019): a 1x1 convolution that reduces, a dense convolution with the stride, a 1x1
// convolution that expands, and the activation behind the sum with the input. Where the shortcut
// cannot be the input as it is, it is a 1x1 convolution of that, of the means of 2x2 pixels if the
// stride is 2. Pruning removes no channels of it.
type bottleneckKind struct{ noChannels }

func (bottleneckKind) check(b Block) error {
	if err := b.checkStrided(); err != nil {
		return err
	}
	if b.Act != ReLU && b.Act != ReLU6 {
		return fmt.Errorf("activation %s does not exist behind a sum; use relu or relu6", b.Act)
	}
	if b.Mid < 1 || b.Mid > 1<<20 || b.In.H*b.In.W*b.Mid > maxActivation {
		return fmt.Errorf("%d middle channels at %dx%d are out of range", b.Mid, b.In.H, b.In.W)
	}
	if b.Kernel < 3 || b.excites() || !b.BN || b.Skip && b.In != b.Out {
		return fmt.Errorf("kernel %d, SE %d, batch norm %v or the shortcut do not fit a bottleneck",
			b.Kernel, b.SE, b.BN)
	}
	return b.checkPatches(b.Out, b.Mid)
}

func (bottleneckKind) ops(b Block) []Op {
	l := lowering{block: b, at: BlockInput, shape: b.In}
	shortcut := BlockInput
	if !b.Skip {
		if b.Stride > 1 {
			l.add(Op{Kind: OpMeanPool, Name: "shortcut.mean", Out: Shape{b.Out.H, b.Out.W, b.In.C},
				Kernel: b.Stride, Stride: b.Stride, Pads: b.shortcutPads()})
		}
		l.conv("shortcut", b.Out.C, "")
		shortcut = l.at
		l.at, l.shape = BlockInput, b.In
	}
	l.conv("reduce", b.Mid, b.Act)
	l.add(Op{Kind: OpConv, Name: "conv", Out: Shape{b.Out.H, b.Out.W, b.Mid}, Kernel: b.Kernel,
		Stride: b.Stride, Pads: b.pads(), Act: b.Act})
	l.conv("expand", b.Out.C, "")
	l.add(Op{Kind: OpAdd, Name: "add", Args: []int{l.at, shortcut}, Out: b.Out, Act: b.Act})
	return l.ops
}

// shortcutPads complete the last windows of the shortcut's mean.
func (b Block) shortcutPads() Pads {
	return Pads{Bottom: b.Out.H*b.Stride - b.In.H, Right: b.Out.W*b.Stride - b.In.W}
}

func (bottleneckKind) signals(Block) (takes, gives signal) { return normedMaps, normedMaps }

// bottleneck adds a block of a stage; the middle is a share of the output.
func (b *builder) bottleneck(st *Stage, at place, width, kernel int, share float64) {
	stride := 1
	if at.index == 0 {
		stride = st.Stride
	}
	b.addAt(at, Block{
		Name: at.name(), Kind: Bottleneck,
		Out: Shape{strided(b.at.H, stride), strided(b.at.W, stride), width},
		Mid: MakeDivisible(math.Round(float64(width)*share), b.space.divisor()), Kernel: kernel,
		Stride: stride, Act: st.Act, Skip: at.index > 0, BN: true,
		Padding: b.space.Padding.forStride(stride),
	})
}

func (bottleneckKind) layer(p *nn.Params, b Block, o layerOptions) layer {
	act := b.Act.nn()
	l := &bottleneckLayer{
		reduce: nn.NewPointwise(p, b.Name+".reduce", b.In.C, b.Mid, nil, act, o.eps),
		conv:   nn.NewDense(p, b.Name+".conv", b.Kernel, b.Stride, b.Mid, b.Mid, act, o.eps),
		expand: nn.NewPointwise(p, b.Name+".expand", b.Mid, b.Out.C, nil, nn.Identity, o.eps),
	}
	if !b.Skip {
		l.shortcut = nn.NewShortcut(p, b.Name+".shortcut", b.Stride, b.In.C, b.Out.C, o.eps)
	}
	return l
}
