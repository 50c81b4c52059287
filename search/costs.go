package search

import (
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Costs are what a network costs.
type Costs = manifest.Costs

// counts are the costs of a space's networks that follow from their blocks.
type counts struct {
	macs, params, size *choices.Additive
	memory             *choices.Largest
}

func newCounts(space *supernet.Space) (c counts, err error) {
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

// of are the costs of a network that is predicted to take so long.
func (c *counts) of(a supernet.Arch, latencyMS float64) Costs {
	return Costs{LatencyMS: latencyMS, MACs: int64(c.macs.Sum(a)), Params: int64(c.params.Sum(a)),
		MemoryBytes: int64(c.memory.Of(a)), SizeBytes: manifest.FileFrame + int64(c.size.Sum(a))}
}

// one is one of the costs of a network, but for its latency.
func (c *counts) one(cost Cost, a supernet.Arch) float64 {
	switch cost {
	case MACs:
		return c.macs.Sum(a)
	case Params:
		return c.params.Sum(a)
	case Memory:
		return c.memory.Of(a)
	case Size:
		return manifest.FileFrame + c.size.Sum(a)
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
