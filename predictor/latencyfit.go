package predictor

import (
	"fmt"

	"github.com/tailor-nas/tailor/supernet"
)

// BlockTime is how long a block takes alone.
type BlockTime struct {
	Block supernet.Block
	MS    float64
	// Resolution, if not 0, is that of the networks that the time holds for: others have the mean.
	Resolution int
}

// NetworkTime is how long a whole network takes.
type NetworkTime struct {
	Arch supernet.Arch
	MS   float64
}

// FitLatency tabulates the times of blocks (the mean where a key comes twice) and calibrates their
// sum on whole networks. The held-out error is that of leaving out one network at a time. Blocks of
// some resolutions may be missing altogether; predictions are then for the others. Without any
// block, the times of blocks are estimated from those of at least 10 networks, which is rougher;
// the held-out error is then that of cross-validation, the only thing that the settings (Folds and
// Seed) have a say in. Errors about the times wrap [ErrSamples], [supernet.ErrArch] or
// [*UnknownBlockError].
func FitLatency(space *supernet.Space, blocks []BlockTime, networks []NetworkTime, s FitSettings) (*Latency, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	l := &Latency{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Slope: 1, Networks: len(networks),
		Estimated: len(blocks) == 0, space: space,
	}
	archs := make([]supernet.Arch, len(networks))
	for i, n := range networks {
		archs[i] = n.Arch
		if !(n.MS > 0) || !finite(n.MS) {
			return nil, fmt.Errorf("%w: network %d took %g ms, expected a time above 0", ErrSamples, i+1, n.MS)
		}
		if space.Check(n.Arch) != nil {
			return nil, archError(space, archs, i)
		}
	}
	if l.Estimated {
		err = l.estimate(networks, s)
	} else {
		err = l.calibrate(blocks, archs, networks)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// calibrate fits to blocks and networks.
func (l *Latency) calibrate(blocks []BlockTime, archs []supernet.Arch, networks []NetworkTime) (err error) {
	if l.BlocksMS, err = meanTimes(blocks); err != nil {
		return err
	}
	for _, b := range blocks {
		if key := b.Block.Key(); b.Resolution != 0 && b.MS != l.BlocksMS[key] {
			if l.AtMS == nil {
				l.AtMS = map[int]map[string]float64{}
			}
			if l.AtMS[b.Resolution] == nil {
				l.AtMS[b.Resolution] = map[string]float64{}
			}
			l.AtMS[b.Resolution][key] = b.MS
		}
	}
	if err := l.tabulate(); err != nil {
		return fmt.Errorf("%w: %w", ErrSamples, err)
	}
	sums, err := l.Predict(archs) // not calibrated yet
	if err != nil {
		return fmt.Errorf("networks to calibrate on: %w", err)
	}
	if len(networks) < minNetworks {
		return nil
	}
	timings := make([]timing, len(networks))
	for i, n := range networks {
		timings[i] = timing{sums[i], n.MS}
	}
	_, smallest := l.sums.Min()
	c := calibrate(timings, smallest)
	l.Intercept, l.Slope, l.Calibrated = c.intercept, c.slope, true
	l.holdOut(networks, leaveOneOut(timings, smallest))
	return nil
}

// estimate fits to networks alone.
func (l *Latency) estimate(networks []NetworkTime, s FitSettings) error {
	if len(networks) < minSamples {
		return fmt.Errorf("%w: no blocks and %d networks, expected the times of blocks, or of at least %d networks",
			ErrSamples, len(networks), minSamples)
	}
	loads := make([]workload, len(networks))
	for i, n := range networks {
		loads[i].ms = n.MS
		for _, b := range l.space.Blocks(n.Arch) {
			loads[i].work = loads[i].add(workOf(b))
		}
	}
	prices, err := fitPrices(loads)
	if err != nil {
		return err
	}
	predicted := make([]float64, len(loads))
	for _, fold := range folds(len(loads), s) {
		rest, err := fitPrices(without(loads, fold))
		if err != nil {
			return err
		}
		for _, row := range fold {
			predicted[row] = loads[row].dot(rest)
		}
	}
	l.holdOut(networks, predicted)
	l.BlocksMS = map[string]float64{}
	l.sums, err = NewAdditive(l.space, func(b supernet.Block) float64 {
		ms := workOf(b).dot(prices)
		l.BlocksMS[b.Key()] = ms
		return ms
	})
	return err
}

func (l *Latency) holdOut(networks []NetworkTime, predicted []float64) {
	resolutions, ms := make([]int, len(networks)), make([]float64, len(networks))
	for i, n := range networks {
		resolutions[i], ms[i] = int(n.Arch.Resolution), n.MS
	}
	l.HeldOut = Compare(predicted, ms)
	l.ByResolution = byResolution(resolutions, predicted, ms)
}

func meanTimes(blocks []BlockTime) (map[string]float64, error) {
	times, counts := map[string]float64{}, map[string]float64{}
	for _, b := range blocks {
		if !(b.MS > 0) || !finite(b.MS) {
			return nil, fmt.Errorf("%w: block %s (%s) took %g ms, expected a time above 0", ErrSamples, b.Block.Name, b.Block.Key(), b.MS)
		}
		key := b.Block.Key()
		times[key] += b.MS
		counts[key]++
	}
	for key := range times {
		times[key] /= counts[key]
	}
	return times, nil
}
