package supernet

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/nn"
)

// mbconvKind is the inverted residual block of MobileNetV2 and V3: a 1x1 convolution that expands,
// a depthwise convolution, squeeze-and-excitation, a 1x1 convolution that projects, a shortcut.
type mbconvKind struct{}

// HasExpand says whether an MBConv block begins with a 1x1 expand convolution.
func (b Block) HasExpand() bool { return b.Kind == MBConv && b.Mid != b.In.C }

func (mbconvKind) check(b Block) error {
	if err := b.checkStrided(); err != nil {
		return err
	}
	if b.In.H*b.In.W*b.Mid > maxActivation {
		return fmt.Errorf("%d middle channels at %dx%d are out of range", b.Mid, b.In.H, b.In.W)
	}
	if b.Mid < 1 || b.Mid > 1<<20 || b.SE < 0 || b.SE > b.Mid || b.Skip && b.In != b.Out {
		return fmt.Errorf("middle channels %d, SE %d or the shortcut do not fit", b.Mid, b.SE)
	}
	if err := b.checkExcitation(); err != nil {
		return err
	}
	if !b.BN {
		return fmt.Errorf("an mbconv block has batch norm")
	}
	return nil
}

func (mbconvKind) ops(b Block) []Op {
	l := lowering{block: b, at: BlockInput, shape: b.In}
	if b.HasExpand() {
		l.conv("expand", b.Mid, b.Act)
	}
	l.depthwise()
	if b.SE > 0 {
		l.excite()
	}
	l.conv("project", b.Out.C, "")
	if b.Skip {
		l.add(Op{Kind: OpAdd, Name: "add", Args: []int{l.at, BlockInput}, Out: b.Out})
	}
	return l.ops
}

// lowering collects the operations of an MBConv block.
type lowering struct {
	block Block
	ops   []Op
	at    int   // what the next operation works on
	shape Shape // and its shape
}

// add appends an operation, named within the block, on what the last one gave if it does not say.
func (l *lowering) add(o Op) {
	if o.Args == nil {
		o.Args = []int{l.at}
	}
	o.Name, o.In = l.block.Name+"."+o.Name, l.shape
	if o.Kernel > 0 || o.Kind == OpLinear {
		o.Weight = o.Name + ".weight"
	}
	if o.Kernel > 0 {
		o.Norm = o.Name + ".bn"
	}
	if o.Kind == OpLinear {
		o.Bias = o.Name + ".bias"
	}
	l.at, l.shape, l.ops = len(l.ops), o.Out, append(l.ops, o)
}

// conv adds a 1x1 convolution with batch norm.
func (l *lowering) conv(name string, width int, act Act) {
	out := Shape{l.shape.H, l.shape.W, width}
	l.add(Op{Kind: OpConv, Name: name, Out: out, Kernel: 1, Stride: 1, Act: act})
}

func (l *lowering) depthwise() {
	b := l.block
	l.add(Op{
		Kind: OpDepthwise, Name: "depthwise", Out: Shape{b.Out.H, b.Out.W, b.Mid},
		Kernel: b.Kernel, Stride: b.Stride, Pads: b.pads(), Act: b.Act,
	})
}

// excite adds squeeze-and-excitation: the mean over pixels, through two linear layers, is a factor
// for each channel.
func (l *lowering) excite() {
	input, shape := l.at, l.shape
	l.add(Op{Kind: OpMean, Name: "se.mean", Out: Shape{1, 1, shape.C}, Gate: true})
	l.add(Op{Kind: OpLinear, Name: "se.reduce", Out: Shape{1, 1, l.block.SE},
		Act: orElse(l.block.SEAct, ReLU), Gate: true})
	l.add(Op{Kind: OpLinear, Name: "se.expand", Out: Shape{1, 1, shape.C},
		Act: orElse(l.block.SEGate, HSigmoid), Gate: true})
	gate := l.at
	l.shape = shape
	l.add(Op{Kind: OpMultiply, Name: "se.multiply", Args: []int{input, gate}, Out: shape,
		Gate: true})
}

func (mbconvKind) signals(Block) (takes, gives signal) { return normedMaps, normedMaps }

// mids leaves out the number of input channels, since it stands for a block without an expand
// convolution.
func (mbconvKind) mids(b Block) (mids []int) {
	if !b.HasExpand() {
		return nil
	}
	for mid := ChannelStep; mid < b.Mid; mid += ChannelStep {
		if mid >= b.SE && mid != b.In.C {
			mids = append(mids, mid)
		}
	}
	return mids
}

// channels are those between the two 1x1 convolutions. Without an expand convolution they are the
// block's input, which others share.
func (mbconvKind) channels(b Block) int {
	if !b.HasExpand() {
		return 0
	}
	return b.Mid
}

// remove leaves squeeze-and-excitation its hidden channels, and the block its expand convolution.
func (mbconvKind) remove(b Block, channels int) (Block, bool) {
	if !b.HasExpand() {
		return b, channels == 0
	}
	b.Mid -= channels
	return b, channels >= 0 && b.Mid >= max(1, b.SE) && b.HasExpand()
}

func (mbconvKind) removed(b, v Block) (channels int, ok bool) {
	expands := b.HasExpand() == v.HasExpand()
	channels, b.Mid = b.Mid-v.Mid, v.Mid
	return channels, b == v && expands && channels >= 0
}

// mbconv adds a block of a stage.
func (b *builder) mbconv(st *Stage, at place, kernel int, expand float64) {
	stride := 1
	if at.index == 0 {
		stride = st.Stride
	}
	in := b.at.C
	out := Shape{strided(b.at.H, stride), strided(b.at.W, stride), b.space.width(st.Width)}
	mid := in
	if expand != 1 {
		mid = MakeDivisible(math.Round(float64(in)*expand), b.space.divisor())
	}
	b.addAt(at, Block{
		Name: at.name(), Kind: MBConv, Out: out, Mid: mid, Kernel: kernel, Stride: stride,
		Act: st.Act, SE: st.SE.hidden(in, mid), SEAct: own(st.SE.Act, ReLU),
		SEGate: own(st.SE.Gate, HSigmoid), Skip: stride == 1 && in == out.C, BN: true,
		Padding: b.space.Padding.forStride(stride),
	})
}

func (mbconvKind) layer(p *nn.Params, b Block, o layerOptions) layer {
	m, act := &mbconv{block: b}, b.Act.nn()
	kernels := o.kernels
	if kernels == nil {
		kernels = []int{b.Kernel}
	}
	if b.HasExpand() {
		m.expand = nn.NewPointwise(p, b.Name+".expand", b.In.C, b.Mid, nil, act, o.eps)
	}
	m.depthwise = nn.NewDepthwise(p, b.Name+".depthwise", kernels, b.Stride, b.Mid, o.transforms,
		act, o.eps)
	if b.SE > 0 {
		m.se = nn.NewSE(p, b.Name+".se", b.Mid, b.SE, orElse(b.SEAct, ReLU).nn(),
			orElse(b.SEGate, HSigmoid).nn())
	}
	m.project = nn.NewPointwise(p, b.Name+".project", b.Mid, b.Out.C, m.se, nn.Identity, o.eps)
	return m
}
