package supernet

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
)

// convKind is a dense convolution, followed by batch norm if BN is set, a bias if Bias is, and then
// the activation. Without either it is a 1x1 convolution of features.
type convKind struct{ noChannels }

func (convKind) check(b Block) error {
	if b.Bias {
		return b.checkPlainConv()
	}
	if err := b.checkStrided(); err != nil {
		return err
	}
	if b.Mid != 0 || b.excites() || b.Skip {
		return fmt.Errorf("a convolution has no middle channels, SE or shortcut")
	}
	if !b.BN && (b.Kernel != 1 || b.In.H != 1 || b.In.W != 1) {
		return fmt.Errorf("a convolution without batch norm is only supported as 1x1 on one pixel")
	}
	if b.Kernel == 1 && b.Stride != 1 {
		return fmt.Errorf("a 1x1 convolution with stride %d is not supported", b.Stride)
	}
	return nil
}

// checkPlainConv checks a convolution with bias, which has no batch norm.
func (b Block) checkPlainConv() error {
	if b.BN || b.Mid != 0 || b.excites() || b.Skip {
		return fmt.Errorf("a convolution with bias has no batch norm, middle channels, SE or shortcut")
	}
	if err := b.checkOptionalAct(); err != nil {
		return err
	}
	if err := b.checkKernel(); err != nil {
		return err
	}
	out := Shape{strided(b.In.H, b.Stride), strided(b.In.W, b.Stride), b.Out.C}
	if b.Valid {
		out = b.windowed(b.Out.C)
	}
	if b.Out != out {
		return fmt.Errorf("%dx%d with kernel %d, stride %d and padding %v does not give %dx%d",
			b.In.H, b.In.W, b.Kernel, b.Stride, !b.Valid, b.Out.H, b.Out.W)
	}
	if b.Out.H*b.Out.W*b.Kernel*b.Kernel*b.In.C > maxActivation {
		return fmt.Errorf("%dx%d outputs of %d values each are out of range", b.Out.H, b.Out.W,
			b.Kernel*b.Kernel*b.In.C)
	}
	return nil
}

func (convKind) ops(b Block) []Op {
	o := Op{
		Kind: OpConv, Name: b.Name, Args: []int{BlockInput}, In: b.In, Out: b.Out, Kernel: b.Kernel,
		Stride: b.Stride, Pads: b.pads(), Weight: b.Name + ".weight", Act: b.Act,
	}
	if b.BN {
		o.Norm = b.Name + ".bn"
	}
	if b.Bias {
		o.Bias = b.Name + ".bias"
	}
	return []Op{o}
}

func (convKind) signals(b Block) (takes, gives signal) {
	switch {
	case b.Bias:
		return wholeMaps, wholeMaps
	case !b.BN:
		return features, features
	case b.Kernel == 1:
		return normedMaps, normedMaps
	}
	return 0, normedMaps // a larger kernel works on images alone
}

func (convKind) layer(p *nn.Params, b Block, o layerOptions) layer {
	act := b.Act.nn()
	switch {
	case b.Bias:
		return &convLayer{nn.NewConv(p, b.Name, b.Kernel, b.Stride, b.In.C, b.Out.C, act)}
	case !b.BN:
		return &linearLayer{linear: nn.NewLinear(p, b.Name, b.In.C, b.Out.C, false, act)}
	case b.Kernel == 1:
		return &pointwiseLayer{nn.NewPointwise(p, b.Name, b.In.C, b.Out.C, nil, act, o.eps)}
	}
	return &stemLayer{nn.NewStem(p, b.Name, b.Kernel, b.Stride, b.In.C, b.Out.C, act, o.eps)}
}

// conv adds a convolution with batch norm, or a 1x1 convolution of features.
func (b *builder) conv(name string, width, kernel, stride int, act Act, bn bool) {
	b.add(Block{
		Name: name, Kind: Conv, Out: Shape{strided(b.at.H, stride), strided(b.at.W, stride), width},
		Kernel: kernel, Stride: stride, Act: act, BN: bn,
		Padding: b.space.Padding.forStride(stride),
	})
}

// plainConv adds a convolution with bias, without padding and activation.
func (b *builder) plainConv(name string, width, kernel int) {
	block := Block{Name: name, Kind: Conv, In: b.at, Kernel: kernel, Stride: 1, Bias: true,
		Valid: true}
	block.Out = block.windowed(width)
	b.add(block)
}

// stemLayer is a convolution over the images.
type stemLayer struct{ unit *nn.Unit }

func (l *stemLayer) bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow {
	l.unit.BindStem(g, in.images, b.In.H, b.In.W, b.In.C, nn.Pads(b.pads()), out)
	return flow{unit: l.unit}
}
func (l *stemLayer) forward()               { l.unit.Forward() }
func (l *stemLayer) backward()              { l.unit.Backward() }
func (l *stemLayer) norms() []*nn.BatchNorm { return []*nn.BatchNorm{l.unit.BN} }

// pointwiseLayer is a 1x1 convolution with batch norm.
type pointwiseLayer struct{ unit *nn.Unit }

func (l *pointwiseLayer) bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow {
	l.unit.BindPointwise(g, in.source(g, b), b.Out.C, 0, out)
	return flow{unit: l.unit}
}
func (l *pointwiseLayer) forward()               { l.unit.Forward() }
func (l *pointwiseLayer) backward()              { l.unit.Backward() }
func (l *pointwiseLayer) norms() []*nn.BatchNorm { return []*nn.BatchNorm{l.unit.BN} }

// convLayer is a convolution with bias.
type convLayer struct{ conv *nn.Conv }

func (l *convLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	return flow{vector: l.conv.Bind(g, in.maps(g, b), b.In.H, b.In.W, nn.Pads(b.pads()))}
}
func (l *convLayer) forward()               { l.conv.Forward() }
func (l *convLayer) backward()              { l.conv.Backward() }
func (l *convLayer) norms() []*nn.BatchNorm { return nil }
