package supernet

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
)

// checkPlainConv checks a convolution with bias, which has no batch norm.
func (b Block) checkPlainConv() error {
	if b.BN || b.Mid != 0 || b.SE != 0 || b.Skip {
		return fmt.Errorf("a convolution with bias has no batch norm, middle channels, SE or shortcut")
	}
	if b.Act != "" {
		if err := b.Act.check(); err != nil {
			return err
		}
	}
	if b.Kernel < 1 || b.Kernel%2 == 0 || b.Kernel > 15 || b.Stride < 1 || b.Stride > 2 {
		return fmt.Errorf("kernel %d with stride %d does not exist", b.Kernel, b.Stride)
	}
	out := Shape{strided(b.In.H, b.Stride), strided(b.In.W, b.Stride), b.Out.C}
	if b.Valid {
		out = b.windowed(b.Out.C)
	}
	if b.Out != out {
		return fmt.Errorf("%dx%d with kernel %d, stride %d and padding %v does not give %dx%d", b.In.H, b.In.W, b.Kernel, b.Stride, !b.Valid, b.Out.H, b.Out.W)
	}
	if b.Out.H*b.Out.W*b.Kernel*b.Kernel*b.In.C > maxActivation {
		return fmt.Errorf("%dx%d outputs of %d values each are out of range", b.Out.H, b.Out.W, b.Kernel*b.Kernel*b.In.C)
	}
	return nil
}

// convLayer is a convolution with bias.
type convLayer struct{ conv *nn.Conv }

func (l *convLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	return flow{vector: l.conv.Bind(g, in.maps(g, b), b.In.H, b.In.W)}
}
func (l *convLayer) forward()               { l.conv.Forward() }
func (l *convLayer) backward()              { l.conv.Backward() }
func (l *convLayer) norms() []*nn.BatchNorm { return nil }

// maps is what comes in as a vector: the images, where the block is the first.
func (f flow) maps(g *nn.Graph, b Block) *nn.Vector {
	if f.vector != nil {
		return f.vector
	}
	return g.InputVector(f.images, b.In.Len())
}
