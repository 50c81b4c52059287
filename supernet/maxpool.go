package supernet

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
)

func (b Block) checkMaxPool() error {
	if b != (Block{Name: b.Name, Kind: MaxPool, In: b.In, Out: b.Out, Kernel: b.Kernel, Stride: b.Stride}) {
		return fmt.Errorf("a maxpool has an input, an output, kernel and stride and nothing else")
	}
	if b.Kernel < 2 || b.Kernel > 3 || b.Stride < 1 || b.Stride > 2 {
		return fmt.Errorf("a maxpool of %dx%d with stride %d does not exist; use kernel 2 or 3, stride 1 or 2", b.Kernel, b.Kernel, b.Stride)
	}
	if b.Out != b.windowed(b.In.C) {
		return fmt.Errorf("a maxpool of %dx%d with stride %d does not give %v of %v", b.Kernel, b.Kernel, b.Stride, b.Out, b.In)
	}
	return nil
}

// windowed is the output shape of a window of Kernel x Kernel pixels that stays inside the input; zero if it is larger.
func (b Block) windowed(channels int) Shape {
	if b.In.H < b.Kernel || b.In.W < b.Kernel {
		return Shape{}
	}
	return Shape{(b.In.H-b.Kernel)/b.Stride + 1, (b.In.W-b.Kernel)/b.Stride + 1, channels}
}

type maxPoolLayer struct{ pool *nn.MaxPool }

func (l *maxPoolLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	return flow{vector: l.pool.Bind(g, in.maps(g, b), b.In.H, b.In.W, b.In.C)}
}
func (l *maxPoolLayer) forward()               { l.pool.Forward() }
func (l *maxPoolLayer) backward()              { l.pool.Backward() }
func (l *maxPoolLayer) norms() []*nn.BatchNorm { return nil }
