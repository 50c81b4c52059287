package predictor

import (
	"fmt"

	"github.com/tailor-nas/tailor/predictor/blocktimes"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// BlockTime is how long a block takes alone.
type BlockTime struct {
	Block supernet.Block
	MS    float64
	// Resolution, if not 0, is that of the networks that the time holds for: others have the mean.
	Resolution int
}

// NetworkTime is how long a whole network takes. One that was timed several times may come as
// often: it counts as one network, by the median, and the differences tell the noise.
type NetworkTime struct {
	Arch supernet.Arch
	MS   float64
}

// FitLatency tabulates the times of blocks (the mean where a key comes twice) and calibrates their
// sum on whole networks: a line and, from 10 networks on and where it is clearly better, what the
// weights of blocks cost in a network, a factor for each type of block, or corrections of groups of
// blocks ([blocktimes.Learn]). The held-out error is that of leaving out one network at a time or,
// of more than 60, some. Blocks of some resolutions may be missing altogether; predictions are then
// for the others. Without any block, the times of blocks are learned from those of at least 10
// networks, which is rougher, and only for resolutions between theirs. Of the settings, only Folds
// and Seed have a say. Errors about the times wrap [ErrSamples], [supernet.ErrArch] or
// [*UnknownBlockError].
func FitLatency(space *supernet.Space, blocks []BlockTime, networks []NetworkTime,
	s regress.Settings) (*Latency, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	l, err := newLatency(space, networks, s)
	if err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		l, err = l.estimate(s)
	} else {
		l, err = l.calibrate(blocks, s)
	}
	if err == nil {
		err = l.checkLine()
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// checkLine refuses what no times of devices lead to, but numbers far apart.
func (l *Latency) checkLine() error {
	_, fastest, _ := l.Min()
	if !finite(l.Intercept) || !finite(l.Slope) || !finite(fastest) || fastest <= 0 {
		return fmt.Errorf("%w: intercept %g and slope %g give the fastest network %g ms: %w",
			ErrSamples, l.Intercept, l.Slope, fastest, ErrOverflow)
	}
	return nil
}

// newLatency checks networks, and gives a predictor that knows nothing yet.
func newLatency(space *supernet.Space, networks []NetworkTime, s regress.Settings) (*Latency,
	error) {
	if space == nil {
		return nil, errNoSpace
	}
	archs := make([]supernet.Arch, len(networks))
	for i, n := range networks {
		archs[i] = n.Arch
		if err := checkMS(n.MS); err != nil {
			return nil, fmt.Errorf("%w: network %d %w", ErrSamples, i+1, err)
		}
		if space.Check(n.Arch) != nil {
			return nil, archError(space, archs, i)
		}
	}
	l := &Latency{SpaceName: space.Name, SpaceSHA256: space.SHA256(), Slope: 1, space: space}
	l.timed, l.Noise = merged(networks)
	l.Networks, l.parts = len(l.timed), blocktimes.Parts(len(l.timed), s)
	return l, nil
}

// merged are distinct networks, in the order in which they first come, each with the median of its
// times: what a predictor can be right or wrong about is a network, not a run of it.
func merged(networks []NetworkTime) ([]NetworkTime, regress.Noise) {
	index := map[supernet.Arch]int{}
	var distinct []NetworkTime
	var times [][]float64
	for _, n := range networks {
		at, known := index[n.Arch]
		if !known {
			at = len(distinct)
			index[n.Arch] = at
			distinct, times = append(distinct, n), append(times, nil)
		}
		times[at] = append(times[at], n.MS)
	}
	for i := range distinct {
		distinct[i].MS = regress.Median(times[i])
	}
	return distinct, regress.NoiseOf(times)
}

// holdOut notes what was predicted of the networks, each without its own time.
func (l *Latency) holdOut(predicted []float64) {
	resolutions := make([]int, len(l.timed))
	for i, n := range l.timed {
		resolutions[i] = int(n.Arch.Resolution)
	}
	ms := l.times()
	l.HeldOut = regress.Compare(predicted, ms)
	l.ByResolution = byResolution(resolutions, predicted, ms)
	l.Interval = regress.IntervalOf(predicted, ms)
	l.unseen = predicted
}

// archs are the networks, while fitting.
func (l *Latency) archs() []supernet.Arch {
	archs := make([]supernet.Arch, len(l.timed))
	for i, n := range l.timed {
		archs[i] = n.Arch
	}
	return archs
}

// times are those of the networks, while fitting.
func (l *Latency) times() []float64 {
	ms := make([]float64, len(l.timed))
	for i, n := range l.timed {
		ms[i] = n.MS
	}
	return ms
}

func meanTimes(blocks []BlockTime) (map[string]float64, error) {
	times, counts := map[string]float64{}, map[string]float64{}
	for _, b := range blocks {
		if err := checkMS(b.MS); err != nil {
			return nil, fmt.Errorf("%w: block %s (%s) %w", ErrSamples, b.Block.Name, b.Block.Key(),
				err)
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
