package predictor

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// TransferLatency makes a predictor for another device or runtime from predictors of some, and some
// whole networks that were timed on the new one: 10 to 50 are a good number, and 3 the least. What
// each old one says of blocks is calibrated anew; from 10 networks on, it is also put beside the
// work of blocks, and the networks alone are tried, as [FitLatency] has them. The best of these by
// the networks that were left out is taken, or a mean of several, so that by this error no transfer
// is worse than none. Resolutions that an old one knows and no network is of keep its times,
// scaled.
func TransferLatency(olds []*Latency, networks []NetworkTime, s regress.Settings) (*Latency,
	error) {
	if len(olds) == 0 || slices.Contains(olds, nil) {
		return nil, errors.New("there is no latency predictor to begin with")
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	space := olds[0].space
	for _, old := range olds[1:] {
		if old.SpaceSHA256 != space.SHA256() {
			return nil, fmt.Errorf("predictors of the spaces %s and %s: name those of one space",
				space.Name, old.SpaceName)
		}
	}
	l, err := newLatency(space, networks, s)
	if err != nil {
		return nil, err
	}
	if len(l.timed) < minNetworks {
		return nil, fmt.Errorf(
			"%w: %d distinct networks of the new device, expected at least %d, and better 10 to 50",
			ErrSamples, len(l.timed), minNetworks)
	}
	tried, members, err := l.fromSources(olds, s)
	if err != nil {
		return nil, err
	}
	if alone, err := l.learn(nil, s); err == nil { // which says nothing about the others
		tried, members = append(tried, alone...), append([]*Latency{best(alone)}, members...)
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("%w: the predictors to begin with tell no network from another: expected others, or %d networks and none",
			ErrSamples, regress.MinRows)
	}
	taken := l.bestOrMean(members)
	taken.candidates(append(tried, taken))
	if err := taken.keepResolutions(tried); err != nil {
		return nil, err
	}
	return taken, taken.checkLine()
}

// fromSources gives what was tried with each old predictor, and its best. An old one that does not
// know the networks is left out, unless none does; so is one by which all networks take the same.
func (l *Latency) fromSources(olds []*Latency, s regress.Settings) (tried, members []*Latency,
	err error) {
	weights := blockWeights{}
	for _, r := range l.space.Resolutions {
		for _, b := range l.space.AllBlocks(r) {
			weights.add(b)
		}
	}
	var failed error
	for i, old := range olds {
		c := *l
		if len(olds) > 1 {
			c.source = i + 1
		}
		from := c
		c.BlocksMS, c.AtMS = old.scaled()
		of, err := c.calibrateBlocks(weights)
		if err != nil {
			failed = cmp.Or(failed, err)
			continue
		}
		of = slices.DeleteFunc(of, func(t *Latency) bool { return t.checkLine() != nil })
		contribution := func(resolution int, b supernet.Block) float64 {
			return old.scale(b) * old.time(resolution, b)
		}
		if more, err := from.learn(contribution, s); err == nil {
			of = append(of, more...)
		}
		if len(of) > 0 {
			tried, members = append(tried, of...), append(members, best(of))
		}
	}
	if len(members) == 0 && failed != nil {
		return nil, nil, fmt.Errorf("no predictor to transfer from knows the networks (%w), or fit to these alone", failed)
	}
	return tried, members, nil
}

// scaled are the times of the space's blocks with the scales of their types. Blocks with zeros are
// not among them: what a runtime gains by zeros says nothing about another.
func (l *Latency) scaled() (blocks map[string]float64, at map[int]map[string]float64) {
	c := &Latency{space: l.space, Slope: 1, BlocksMS: map[string]float64{}}
	for _, r := range l.space.Resolutions {
		c.setAll(r, func(resolution int, b supernet.Block) float64 {
			return l.scale(b) * l.time(resolution, b)
		})
	}
	return c.BlocksMS, c.AtMS
}

// unscaled has the same sums without slope and scales.
func (l *Latency) unscaled() *Latency {
	c := &Latency{space: l.space, Intercept: l.Intercept, Slope: 1, BlocksMS: map[string]float64{}}
	for _, r := range l.space.Resolutions {
		c.setAll(r, func(resolution int, b supernet.Block) float64 {
			return l.Slope * l.scale(b) * l.time(resolution, b)
		})
	}
	return c
}

// bestOrMean is the first member with the smallest error, or a mean of them if that has a smaller
// one.
func (l *Latency) bestOrMean(members []*Latency) *Latency {
	b := slices.MinFunc(members, func(a, b *Latency) int {
		return cmp.Compare(a.HeldOut.MAPE, b.HeldOut.MAPE)
	})
	if m := l.mean(members); m != nil && m.HeldOut.MAPE < b.HeldOut.MAPE {
		return m
	}
	return b
}

// mean is a weighted mean of the members, at the resolutions that all of them know; nil if there is
// none. Its error is that of shares that the network in question had no say in.
func (l *Latency) mean(members []*Latency) *Latency {
	predicted := make([][]float64, len(members))
	for k, m := range members {
		predicted[k] = m.unseen
	}
	ms := l.times()
	all := make([]int, len(ms))
	for i := range all {
		all[i] = i
	}
	c := *l
	c.how = MethodMix
	heldOut := make([]float64, len(ms))
	for _, part := range l.parts {
		shares := sharesOf(predicted, ms, regress.Without(all, part))
		for _, i := range part {
			heldOut[i] = meanOf(predicted, shares, i)
		}
	}
	c.holdOut(heldOut)
	shares := sharesOf(predicted, ms, all)
	c.BlocksMS = map[string]float64{}
	for k, m := range members {
		c.Intercept += shares[k] * m.Intercept
		c.Estimated = c.Estimated || m.Estimated && shares[k] > 0
	}
	for _, r := range l.space.Resolutions {
		c.setAll(r, func(resolution int, b supernet.Block) (sum float64) {
			for k, m := range members {
				if shares[k] > 0 {
					sum += shares[k] * m.Slope * m.scale(b) * m.time(resolution, b)
				}
			}
			return sum
		})
	}
	if c.tabulate() != nil || c.check() != nil {
		return nil
	}
	return &c
}

// mixRounds is how many members a mean has, each as often as it was chosen.
const mixRounds = 12

// sharesOf chooses them one after another, each time the one with which the mean is nearest to what
// was measured of some rows (Caruana et al., "Ensemble selection from libraries of models", 2004).
// That takes many small steps rather than one large one, so that few rows do not decide too much.
func sharesOf(predicted [][]float64, ms []float64, rows []int) []float64 {
	sums, shares := make([]float64, len(ms)), make([]float64, len(predicted))
	for round := 1.0; round <= mixRounds; round++ {
		best, smallest := 0, -1.0
		for k := range predicted {
			loss := 0.0
			for _, i := range rows {
				loss += math.Abs((sums[i]+predicted[k][i])/round/ms[i] - 1)
			}
			if smallest < 0 || loss < smallest {
				best, smallest = k, loss
			}
		}
		shares[best] += 1.0 / mixRounds
		for i := range sums {
			sums[i] += predicted[best][i]
		}
	}
	return shares
}

func meanOf(predicted [][]float64, shares []float64, row int) (sum float64) {
	for k, share := range shares {
		sum += share * predicted[k][row]
	}
	return sum
}

// worthKeeping is how many times the error of what was taken another may have for its resolutions
// to be kept, where one latency for all networks would be as near.
const worthKeeping = 3

// keepResolutions gives blocks at resolutions that l does not know the times of what was tried, the
// best that knows them first: scaled so that with l's intercept they are nearest to the networks.
// What says less of the networks than one latency for all of them is not asked about others.
func (l *Latency) keepResolutions(tried []*Latency) error {
	tried = slices.Clone(tried)
	slices.SortStableFunc(tried, func(a, b *Latency) int {
		return cmp.Compare(a.HeldOut.MAPE, b.HeldOut.MAPE)
	})
	ms := l.times()
	same := regress.Compare(slices.Repeat([]float64{regress.Median(ms)}, len(ms)), ms).MAPE
	tried = slices.DeleteFunc(tried, func(t *Latency) bool {
		return t.HeldOut.MAPE >= max(same, worthKeeping*l.HeldOut.MAPE)
	})
	l.BlocksMS = maps.Clone(l.BlocksMS)
	for _, r := range l.space.Resolutions {
		if l.knows(r) {
			continue
		}
		for _, from := range tried {
			scale := from.scaleWith(l.Intercept)
			if !from.knows(r) || !(scale > 0) {
				continue
			}
			l.setAll(r, func(resolution int, b supernet.Block) float64 {
				return scale * from.Slope * from.scale(b) * from.time(resolution, b)
			})
			break
		}
	}
	return l.tabulate()
}

// knows says whether l predicts some network of a resolution.
func (l *Latency) knows(resolution int) bool {
	a := l.space.Min()
	a.Resolution = uint16(resolution)
	return finite(l.sums.Sum(a))
}

// scaleWith is the factor of the blocks' times with which they are nearest to the networks, given
// an intercept.
func (l *Latency) scaleWith(intercept float64) float64 {
	var moment, square float64
	for _, n := range l.timed {
		share := l.Slope * l.sums.Sum(n.Arch) / n.MS
		moment += share * (1 - intercept/n.MS)
		square += share * share
	}
	return moment / square
}
