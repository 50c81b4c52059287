package supernet

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
)

// maxPoolKind is the largest value of every window of Kernel x Kernel pixels, without padding.
type maxPoolKind struct{ noChannels }

func (maxPoolKind) check(b Block) error {
	if b != (Block{Name: b.Name, Kind: MaxPool, In: b.In, Out: b.Out, Kernel: b.Kernel,
		Stride: b.Stride}) {
		return fmt.Errorf("a maxpool has an input, an output, kernel and stride and nothing else")
	}
	if b.Kernel < 2 || b.Kernel > 3 || b.Stride < 1 || b.Stride > 2 {
		return fmt.Errorf("a maxpool of %dx%d with stride %d does not exist; use kernel 2 or 3, stride 1 or 2", b.Kernel, b.Kernel, b.Stride)
	}
	if b.Out != b.windowed(b.In.C) {
		return fmt.Errorf("a maxpool of %dx%d with stride %d does not give %v of %v", b.Kernel,
			b.Kernel, b.Stride, b.Out, b.In)
	}
	return nil
}

func (maxPoolKind) ops(b Block) []Op {
	return []Op{{
		Kind: OpMaxPool, Name: b.Name, Args: []int{BlockInput}, In: b.In, Out: b.Out,
		Kernel: b.Kernel, Stride: b.Stride,
	}}
}

func (maxPoolKind) signals(Block) (takes, gives signal) { return wholeMaps, wholeMaps }

func (maxPoolKind) layer(_ *nn.Params, b Block, _ layerOptions) layer {
	return &maxPoolLayer{nn.NewMaxPool(b.Kernel, b.Stride)}
}

// maxPool adds pooling of 2x2 pixels.
func (b *builder) maxPool(name string) {
	block := Block{Name: name, Kind: MaxPool, In: b.at, Kernel: 2, Stride: 2}
	block.Out = block.windowed(b.at.C)
	b.add(block)
}

type maxPoolLayer struct{ pool *nn.MaxPool }

func (l *maxPoolLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	return flow{vector: l.pool.Bind(g, in.maps(g, b), b.In.H, b.In.W, b.In.C)}
}
func (l *maxPoolLayer) forward()               { l.pool.Forward() }
func (l *maxPoolLayer) backward()              { l.pool.Backward() }
func (l *maxPoolLayer) norms() []*nn.BatchNorm { return nil }
