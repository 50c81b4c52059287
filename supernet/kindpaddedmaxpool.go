package supernet

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
)

// paddedMaxPoolKind is the largest value of every window of Kernel x Kernel pixels, with
// (Kernel-1)/2 around the image that are less than anything.
type paddedMaxPoolKind struct{ noChannels }

func (paddedMaxPoolKind) check(b Block) error {
	if b != (Block{Name: b.Name, Kind: PaddedMaxPool, In: b.In, Out: b.Out, Kernel: b.Kernel,
		Stride: b.Stride}) {
		return fmt.Errorf(
			"a padded maxpool has an input, an output, kernel and stride and nothing else")
	}
	if b.Kernel != 3 || b.Stride < 1 || b.Stride > 2 {
		return fmt.Errorf("a padded maxpool of %dx%d with stride %d does not exist; use kernel 3, stride 1 or 2", b.Kernel, b.Kernel, b.Stride)
	}
	want := Shape{strided(b.In.H, b.Stride), strided(b.In.W, b.Stride), b.In.C}
	if b.Out != want {
		return fmt.Errorf("a padded maxpool of %dx%d with stride %d does not give %v of %v",
			b.Kernel, b.Kernel, b.Stride, b.Out, b.In)
	}
	return nil
}

func (paddedMaxPoolKind) ops(b Block) []Op {
	return []Op{{
		Kind: OpMaxPool, Name: b.Name, Args: []int{BlockInput}, In: b.In, Out: b.Out,
		Kernel: b.Kernel, Stride: b.Stride, Pads: b.pads(),
	}}
}

func (paddedMaxPoolKind) signals(Block) (takes, gives signal) { return normedMaps, normedMaps }

func (paddedMaxPoolKind) layer(_ *nn.Params, b Block, _ layerOptions) layer {
	return &paddedMaxPoolLayer{nn.NewMapPool(b.Kernel, b.Stride)}
}

func (b *builder) paddedMaxPool(name string, kernel, stride int) {
	b.add(Block{Name: name, Kind: PaddedMaxPool, Kernel: kernel, Stride: stride,
		Out: Shape{strided(b.at.H, stride), strided(b.at.W, stride), b.at.C}})
}

type paddedMaxPoolLayer struct{ pool *nn.MapPool }

func (l *paddedMaxPoolLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	return flow{unit: l.pool.Bind(g, in.source(g, b))}
}
func (l *paddedMaxPoolLayer) forward()               { l.pool.Forward() }
func (l *paddedMaxPoolLayer) backward()              { l.pool.Backward() }
func (l *paddedMaxPoolLayer) norms() []*nn.BatchNorm { return nil }
