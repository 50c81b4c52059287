package search

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Costs are what a network costs.
type Costs = manifest.Costs

// counts are the costs of a space's networks that follow from their blocks.
type counts struct {
	numbering          *choices.Numbering
	macs, params, size *choices.Additive
	memory             *choices.Largest
}

func newCounts(space *supernet.Space) (c counts, err error) {
	c.numbering = choices.NewNumbering(space)
	for _, add := range []struct {
		sum **choices.Additive
		of  func(supernet.Block) int64
	}{
		{&c.macs, supernet.Block.MACs},
		{&c.params, supernet.Block.Params},
		{&c.size, manifest.BlockBytes},
	} {
		*add.sum, err = choices.NewAdditive(space,
			func(b supernet.Block) float64 { return float64(add.of(b)) })
		if err != nil {
			return c, err
		}
	}
	c.memory, err = choices.NewLargest(space,
		func(b supernet.Block) float64 { return float64(b.Memory()) })
	return c, err
}

// read is what archs take. Each must be one of the space.
func (c *counts) read(archs []supernet.Arch, room []choices.Taken) ([]choices.Taken, error) {
	room = slices.Grow(room[:0], len(archs))[:len(archs)]
	for i := range archs {
		if !c.numbering.Read(&archs[i], &room[i]) {
			return nil, fmt.Errorf("arch %d of %d: %w", i+1, len(archs), supernet.ErrArch)
		}
	}
	return room, nil
}

// of are the costs of a network that is predicted to take so long.
func (c *counts) of(a supernet.Arch, latencyMS float64) Costs {
	return c.some([]Cost{MACs, Params, Memory, Size}, a, latencyMS)
}

// some are those of the costs that are asked for, with the latency; the others are 0.
func (c *counts) some(asked []Cost, a supernet.Arch, latencyMS float64) Costs {
	costs := Costs{LatencyMS: latencyMS}
	var t choices.Taken
	if len(asked) == 0 || !c.numbering.Read(&a, &t) {
		return costs
	}
	for _, cost := range asked {
		v := int64(c.one(cost, &t))
		switch cost {
		case MACs:
			costs.MACs = v
		case Params:
			costs.Params = v
		case Memory:
			costs.MemoryBytes = v
		case Size:
			costs.SizeBytes = v
		}
	}
	return costs
}

// one is one of the costs of a network, but for its latency.
func (c *counts) one(cost Cost, t *choices.Taken) float64 {
	switch cost {
	case MACs:
		return c.macs.SumTaken(t)
	case Params:
		return c.params.SumTaken(t)
	case Memory:
		return c.memory.OfTaken(t)
	case Size:
		return manifest.FileFrame + c.size.SumTaken(t)
	}
	return 0
}

// smallest is a network of the smallest cost among those of the query's resolutions, and the cost.
func (f *finder) smallest(cost Cost) (arch supernet.Arch, least float64, err error) {
	ok := false
	switch cost {
	case MACs:
		arch, least, ok = f.macs.MinOf(f.Resolutions)
	case Params:
		arch, least, ok = f.params.MinOf(f.Resolutions)
	case Memory:
		arch, least, ok = f.memory.MinOf(f.Resolutions)
	case Size:
		arch, least, ok = f.size.MinOf(f.Resolutions)
		least += manifest.FileFrame
	case Latency:
		if l, additive := f.Latency.(AdditiveLatency); additive {
			arch, _, ok = choices.NewSums(f.Space, l.Affine).MinOf(f.Resolutions)
		}
		if ok { // sums may be rounded another way there
			var ms []float64
			ms, err = f.latency([]supernet.Arch{arch})
			if err == nil {
				least = ms[0]
			}
		}
	}
	if !ok && cost == Latency {
		return f.Latency.Min()
	}
	return arch, least, err
}
