package supernet

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
)

// poolKind is the global mean over height and width.
type poolKind struct{ noChannels }

func (poolKind) check(b Block) error {
	if b.Out != (Shape{1, 1, b.In.C}) {
		return fmt.Errorf("a pool from %v to %v does not exist", b.In, b.Out)
	}
	if b != (Block{Name: b.Name, Kind: Pool, In: b.In, Out: b.Out}) {
		return fmt.Errorf("a pool has an input and an output and nothing else")
	}
	return nil
}

func (poolKind) ops(b Block) []Op {
	return []Op{{Kind: OpMean, Name: b.Name, Args: []int{BlockInput}, In: b.In, Out: b.Out}}
}

func (poolKind) signals(Block) (takes, gives signal) { return normedMaps, features }

func (poolKind) layer(*nn.Params, Block, layerOptions) layer { return &poolLayer{nn.NewPool2D()} }

func (b *builder) pool(name string) {
	b.add(Block{Name: name, Kind: Pool, Out: Shape{1, 1, b.at.C}})
}

type poolLayer struct{ pool *nn.Pool2D }

func (l *poolLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	return flow{vector: l.pool.Bind(g, in.source(g, b))}
}
func (l *poolLayer) forward()               { l.pool.Forward() }
func (l *poolLayer) backward()              { l.pool.Backward() }
func (l *poolLayer) norms() []*nn.BatchNorm { return nil }
