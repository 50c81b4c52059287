package search

import (
	"fmt"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Costs are what a network costs.
type Costs = manifest.Costs

// counts are the costs of a space's networks that follow from their blocks. Those that every
// candidate is asked for are tabulated.
type counts struct {
	space              *supernet.Space
	resolutions        []int // that there are tables for
	numbering          *choices.Numbering
	macs, params, size *choices.Additive // nil until tabulated, as is memory
	memory             *choices.Largest
}

// tabulated are the costs that there are tables for.
var tabulated = []Cost{MACs, Params, Memory, Size}

// tabulate makes the tables of some costs.
func (c *counts) tabulate(asked ...Cost) (err error) {
	for _, cost := range asked {
		switch {
		case cost == MACs && c.macs == nil:
			c.macs, err = c.sum(supernet.Block.MACs)
		case cost == Params && c.params == nil:
			c.params, err = c.sum(supernet.Block.Params)
		case cost == Size && c.size == nil:
			c.size, err = c.sum(manifest.BlockBytes)
		case cost == Memory && c.memory == nil:
			c.memory, err = choices.NewLargest(c.space, c.resolutions,
				func(b supernet.Block) float64 { return float64(b.Memory()) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *counts) sum(of func(supernet.Block) int64) (*choices.Additive, error) {
	return choices.NewAdditiveAt(c.space, c.resolutions, func(_ int, b supernet.Block) float64 {
		return float64(of(b))
	})
}

// of are the costs of a network, given those that are predicted.
func (c *counts) of(a supernet.Arch, predicted Costs) Costs {
	if c.macs != nil && c.params != nil && c.size != nil && c.memory != nil {
		return c.some(tabulated, a, predicted)
	}
	costs := manifest.CostsOf(c.space.Blocks(a), predicted.LatencyMS)
	costs.EnergyMJ = predicted.EnergyMJ
	return costs
}

// some are those of the costs that are asked for, which are tabulated, with those that are
// predicted; the others are 0.
func (c *counts) some(asked []Cost, a supernet.Arch, predicted Costs) Costs {
	costs := predicted
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

// one is one of the tabulated costs of a network.
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

// predictorOf predicts a cost; nil of one that is counted, and without a predictor.
func (q *Query) predictorOf(c Cost) CostPredictor {
	switch c {
	case Latency:
		return q.Latency
	case Energy:
		return q.Energy
	}
	return nil
}

// predicted are the costs of networks that are predicted; 0 without a predictor.
func (f *finder) predicted(archs []supernet.Arch) ([]Costs, error) {
	all := make([]Costs, len(archs))
	for _, cost := range []Cost{Latency, Energy} {
		values, err := f.predict(cost, archs)
		if err != nil {
			return nil, err
		}
		for i, v := range values {
			if cost == Latency {
				all[i].LatencyMS = v
			} else {
				all[i].EnergyMJ = v
			}
		}
	}
	return all, nil
}

// predict predicts one cost of networks; nil without a predictor.
func (f *finder) predict(c Cost, archs []supernet.Arch) ([]float64, error) {
	p := f.predictorOf(c)
	if p == nil {
		return nil, nil
	}
	values, err := p.Predict(archs)
	if err != nil {
		return nil, fmt.Errorf("predict %s: %w", costWords[c], err)
	}
	return values, nil
}

// costWords are what is predicted, in errors.
var costWords = map[Cost]string{Latency: "latency", Energy: "energy"}

// smallest is a network of the smallest of a cost, among those of the query's resolutions, and the
// cost.
func (f *finder) smallest(cost Cost) (arch supernet.Arch, least float64, err error) {
	switch cost {
	case MACs:
		arch, least, _ = f.macs.MinOf(f.Resolutions)
	case Params:
		arch, least, _ = f.params.MinOf(f.Resolutions)
	case Memory:
		arch, least, _ = f.memory.MinOf(f.Resolutions)
	case Size:
		arch, least, _ = f.size.MinOf(f.Resolutions)
		least += manifest.FileFrame
	case Latency, Energy:
		p := f.predictorOf(cost)
		additive, sum := p.(AdditiveCost)
		if !sum {
			return p.Min()
		}
		arch, _, ok := choices.NewSums(f.Space, additive.Affine).MinOf(f.Resolutions)
		if !ok {
			return p.Min()
		}
		values, err := f.predict(cost, []supernet.Arch{arch}) // sums may be rounded another way
		if err != nil {
			return arch, 0, err
		}
		return arch, values[0], nil
	}
	return arch, least, err
}
