package predictor

import (
	"fmt"
	"maps"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// Pruned predicts the latency of what pruning makes of one network: Intercept + Slope times the sum
// of the times of its blocks ([BlockCurve]), scaled by type as those of [Latency]. Make one with
// [FitPruned], from times of this very network's variants, or with [Latency.Pruned], from a profile
// of the space.
type Pruned struct {
	Structure supernet.Structure
	Blocks    []supernet.Block // the network, with nothing removed
	Intercept float64          // milliseconds
	Slope     float64
	Scales    map[string]float64 // by blockType; those that are missing are 1
	// HeldOut and Interval tell the error of latencies: of pruned networks that were left out from
	// FitPruned, of dense networks from Latency.Pruned. They are zero where too few were timed.
	HeldOut  regress.HeldOut
	Interval regress.Interval

	curves []*BlockCurve // by block; nil where nothing can be removed
	fixed  []float64     // times of those
}

// Pruned is a predictor of what removal of a structure from a network of the space gains, from
// times of blocks with zeros, or of blocks with other middle channels, that l was fitted to
// ([FitLatency]). An [*UnknownVariantsError] or [*UnknownBlockError] says of which block it does
// not know enough. Of the network with nothing removed it says what [Latency.Predict] does, but for
// the noise that curves smooth.
func (l *Latency) Pruned(network []supernet.Block, structure supernet.Structure) (*Pruned, error) {
	resolution := 0
	if len(network) > 0 {
		resolution = network[0].In.H
	}
	p, err := newPruned(network, structure,
		func(b supernet.Block) []BlockTime { return l.variants(resolution, b, structure) })
	if err != nil {
		return nil, err
	}
	p.Intercept, p.Slope, p.Scales, p.HeldOut, p.Interval = l.Intercept, l.Slope,
		maps.Clone(l.Scales), l.HeldOut, l.Interval
	return p, nil
}

// PrunedTime is how long a whole network takes some of whose blocks were pruned.
type PrunedTime struct {
	Blocks []supernet.Block
	MS     float64
}

// FitPruned makes a predictor from the times of a network's blocks and of their variants, and
// calibrates it on whole networks of them as [FitLatency] does, from 3 on; with fewer, latencies
// are sums. The held-out error is that of leaving out one network at a time. Errors are those of
// [NewBlockCurve].
func FitPruned(network []supernet.Block, structure supernet.Structure, blocks []BlockTime,
	networks []PrunedTime) (*Pruned, error) {
	p, err := newPruned(network, structure, func(supernet.Block) []BlockTime { return blocks })
	if err != nil {
		return nil, err
	}
	sums, ms := make([]map[string]float64, len(networks)), make([]float64, len(networks))
	for i, n := range networks {
		if ms[i] = n.MS; checkMS(n.MS) != nil {
			return nil, fmt.Errorf("%w: network %d %w", ErrSamples, i+1, checkMS(n.MS))
		}
		if sums[i], err = p.sums(n.Blocks); err != nil {
			return nil, fmt.Errorf("%w: network %d: %w", ErrSamples, i+1, err)
		}
	}
	if len(networks) >= minNetworks {
		p.calibrate(sums, ms)
	}
	return p, nil
}

// newPruned makes the curves of a network, given the times for each of its blocks.
func newPruned(network []supernet.Block, structure supernet.Structure,
	timesOf func(supernet.Block) []BlockTime) (*Pruned, error) {
	if err := supernet.CheckBlocks(network); err != nil {
		return nil, err
	}
	p := &Pruned{Structure: structure, Slope: 1, curves: make([]*BlockCurve, len(network)),
		fixed: make([]float64, len(network))}
	for i, b := range network {
		dense, err := b.Remove(structure, 0)
		if err != nil {
			return nil, err
		}
		p.Blocks = append(p.Blocks, dense)
		if times := timesOf(dense); dense.Prunable(structure) {
			p.curves[i], err = NewBlockCurve(dense, structure, times)
		} else {
			p.fixed[i], err = timeAmong(times, dense)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// timeAmong is the mean of a block's own times.
func timeAmong(times []BlockTime, b supernet.Block) (float64, error) {
	var own []BlockTime
	for _, t := range times {
		if t.Block.Key() == b.Key() {
			own = append(own, t)
		}
	}
	if len(own) == 0 {
		return 0, &UnknownBlockError{b}
	}
	ms, err := meanTimes(own)
	return ms[b.Key()], err
}

// calibrate fits line and scales to whole networks: sums over blocks by type, and latencies.
func (p *Pruned) calibrate(sums []map[string]float64, ms []float64) {
	all := make([]load, len(sums))
	for i, s := range sums {
		all[i] = load{sums: s, ms: ms[i]}
	}
	names := typesOf(all)
	typed := typedOf(names, all)
	smallest := p.smallest()
	line := calibrate(untyped(typed), smallest)
	p.Intercept, p.Slope = line.intercept, line.slope
	unseen := leaveOneOut(untyped(typed), smallest)
	if len(typed) >= minTyped && len(names) > 1 {
		c, other := calibrateTypes(typed, smallest), leaveOneOutTyped(typed, smallest)
		scales := map[string]float64{}
		for g, name := range names {
			scales[name] = c.scales[g]
		}
		better := *p
		better.Intercept, better.Slope, better.Scales = c.intercept, c.slope, scales
		if better.Min() > 0 && clearlyBetter(other, unseen, ms) {
			*p, unseen = better, other
		}
	}
	p.HeldOut, p.Interval = regress.Compare(unseen, ms), regress.IntervalOf(unseen, ms)
}

// smallest is the sum with the most removed that was measured, scaled.
func (p *Pruned) smallest() (sum float64) {
	for i, b := range p.Blocks {
		ms := p.fixed[i]
		if c := p.curves[i]; c != nil {
			ms = c.ms[len(c.ms)-1] // curves fall
		}
		sum += p.factor(b) * ms
	}
	return sum
}

// factor is what a block's time counts in the network's latency.
func (p *Pruned) factor(b supernet.Block) float64 {
	if s, ok := p.Scales[blockType(b)]; ok {
		return p.Slope * s
	}
	return p.Slope
}

// time is what a variant of the i-th block takes alone.
func (p *Pruned) time(i int, v supernet.Block) (float64, error) {
	if p.curves[i] != nil {
		return p.curves[i].MS(v)
	}
	if v.Key() != p.Blocks[i].Key() {
		return 0, fmt.Errorf("block %s (%s) is not %s (%s), which has no %s to remove", v.Name,
			v.Key(), p.Blocks[i].Name, p.Blocks[i].Key(), p.Structure)
	}
	return p.fixed[i], nil
}

func (p *Pruned) checkLength(network []supernet.Block) error {
	if len(network) != len(p.Blocks) {
		return fmt.Errorf("a network of %d blocks is no variant of one of %d", len(network),
			len(p.Blocks))
	}
	return nil
}

// sums are those of a network's blocks by type.
func (p *Pruned) sums(network []supernet.Block) (map[string]float64, error) {
	if err := p.checkLength(network); err != nil {
		return nil, err
	}
	sums := map[string]float64{}
	for i, b := range network {
		ms, err := p.time(i, b)
		if err != nil {
			return nil, err
		}
		sums[blockType(b)] += ms
	}
	return sums, nil
}

// BlockMS is what a variant of the i-th block contributes to the network's latency in milliseconds:
// the latency is Intercept plus the sum of these.
func (p *Pruned) BlockMS(i int, v supernet.Block) (float64, error) {
	if i < 0 || i >= len(p.Blocks) {
		return 0, fmt.Errorf("block %d of a network of %d", i, len(p.Blocks))
	}
	ms, err := p.time(i, v)
	return p.factor(v) * ms, err
}

// Predict gives the latency of a network in milliseconds each of whose blocks is that of the
// network or a variant of it.
func (p *Pruned) Predict(network []supernet.Block) (float64, error) {
	if err := p.checkLength(network); err != nil {
		return 0, err
	}
	sum := p.Intercept
	for i, b := range network {
		ms, err := p.BlockMS(i, b)
		if err != nil {
			return 0, err
		}
		sum += ms
	}
	if !finite(sum) {
		return 0, fmt.Errorf("%w (%g ms)", ErrOverflow, sum)
	}
	return sum, nil
}

// Min is the smallest latency that a variant can be predicted to have, in milliseconds.
func (p *Pruned) Min() float64 { return p.Intercept + p.smallest() }
