package main

import (
	"hash/fnv"
	"math"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// device says in milliseconds what a network takes on it, without noise.
type device struct {
	name    string
	network func(a supernet.Arch) float64
}

// devices are those that the networks are timed on: one of a predictor's tables, and invented ones.
func (b *bench) devices() []device {
	return []device{
		{b.table.Device, b.tabled},
		{"the same, 5 ms more a network", func(a supernet.Arch) float64 { return 5 + b.tabled(a) }},
		{"every shape and size has its speed", b.shaped},
		{"the same, slower with large networks", func(a supernet.Arch) float64 {
			ms := b.shaped(a)
			return ms * (1 + 0.3/(1+math.Exp(-(ms-12)/2)))
		}},
		{"the same, 0.3 ms a block at least", func(a supernet.Arch) float64 {
			return math.Pow(math.Pow(0.3*float64(len(b.space.Blocks(a))), 6)+
				math.Pow(b.shaped(a), 6), 1.0/6)
		}},
	}
}

// tabled is what the predictor says.
func (b *bench) tabled(a supernet.Arch) float64 {
	ms, err := b.table.Predict([]supernet.Arch{a})
	if err != nil {
		panic(err) // archs have its resolutions
	}
	return ms[0]
}

// shaped is the sum of invented times of blocks: of their work, times a speed of their shape, times
// what is left over where pixels are worked on by 32.
func (b *bench) shaped(a supernet.Arch) float64 {
	ms := 0.3
	for _, block := range b.space.Blocks(a) {
		ms += b.blockMS("", block)
	}
	return ms
}

// blockMS is the invented time of a block on the device of a name.
func (b *bench) blockMS(name string, block supernet.Block) float64 {
	pixels := float64(block.Out.H * block.Out.W)
	shape := block
	shape.In.H, shape.In.W, shape.Out.H, shape.Out.W = 0, 0, 0, 0
	work := 0.01 + 1e-8*float64(block.MACs()) + 4e-8*float64(block.In.Len()+block.Out.Len())
	return work * math.Ceil(pixels/32) * 32 / pixels * (0.7 + 0.6*chance(name+shape.Key())) *
		(0.9 + 0.2*chance(name+block.Key()))
}

// chance is a number from 0 to 1 that a name always has.
func chance(name string) float64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return float64(h.Sum64()%1000) / 1000
}

// inventory are the times of all blocks, alone, on the invented device of a name.
func (b *bench) inventory(name string) (blocks []predictor.BlockTime) {
	for _, r := range b.resolutions {
		for _, block := range b.space.AllBlocks(r) {
			blocks = append(blocks, predictor.BlockTime{Block: block, MS: b.blockMS(name, block)})
		}
	}
	return blocks
}
