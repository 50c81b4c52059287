package predictor

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

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

// NetworkTime is how long a whole network takes.
type NetworkTime struct {
	Arch supernet.Arch
	MS   float64
}

// FitLatency tabulates the times of blocks (the mean where a key comes twice) and calibrates their
// sum on whole networks: a line and, from 10 networks on and where it is clearly better, what the
// weights of blocks cost in a network, and a factor for each type of block. The held-out error is
// that of leaving out one network at a time. Blocks of some resolutions may be missing altogether;
// predictions are then for the others. Without any block, the times of blocks are estimated from
// those of at least 10 networks, which is rougher, and only for resolutions between theirs; the
// held-out error is then that of cross-validation, the only thing that the settings (Folds and
// Seed) have a say in. Errors about the times wrap [ErrSamples], [supernet.ErrArch] or
// [*UnknownBlockError].
func FitLatency(space *supernet.Space, blocks []BlockTime, networks []NetworkTime,
	s regress.Settings) (*Latency, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	l, archs, err := newLatency(space, networks)
	if err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		err = l.estimate(nil, archs, networks, s)
	} else {
		err = l.calibrate(blocks, archs, networks)
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
func newLatency(space *supernet.Space, networks []NetworkTime) (*Latency, []supernet.Arch, error) {
	if space == nil {
		return nil, nil, errNoSpace
	}
	l := &Latency{SpaceName: space.Name, SpaceSHA256: space.SHA256(), Slope: 1,
		Networks: len(networks), space: space}
	archs := make([]supernet.Arch, len(networks))
	for i, n := range networks {
		archs[i] = n.Arch
		if err := checkMS(n.MS); err != nil {
			return nil, nil, fmt.Errorf("%w: network %d %w", ErrSamples, i+1, err)
		}
		if space.Check(n.Arch) != nil {
			return nil, nil, archError(space, archs, i)
		}
	}
	return l, archs, nil
}

// LatencyCandidate is a way to predict that was tried, with its error.
type LatencyCandidate struct {
	Method string `json:"method"` // one of the Method constants
	regress.HeldOut
}

// Ways to predict latency.
const (
	MethodLine         = "line"          // the sum over blocks, times a factor, plus a constant
	MethodTypes        = "types"         // the same with a factor for each type of block
	MethodWeights      = "weights"       // a line, with what weights cost added to blocks
	MethodWeightsTypes = "weights-types" // the same with a factor for each type of block
	MethodRoofline     = "roofline"      // blocks are not known: their work explains the networks
	MethodBoth         = "both"          // a sum of work and of times on another device
)

// calibrate fits to blocks and networks.
func (l *Latency) calibrate(blocks []BlockTime, archs []supernet.Arch,
	networks []NetworkTime) (err error) {
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
	weights := blockWeights{}
	for _, b := range blocks {
		weights.add(b.Block)
	}
	return l.calibrateBlocks(archs, networks, weights)
}

// calibrateBlocks fits to networks, with the times of blocks as they are: a line; then, where there
// are enough networks and it is clearly better each time, what weights cost, and scales of types.
func (l *Latency) calibrateBlocks(archs []supernet.Arch, networks []NetworkTime,
	weights blockWeights) error {
	if err := l.tabulate(); err != nil {
		return fmt.Errorf("%w: %w", ErrSamples, err)
	}
	if _, err := l.Predict(archs); err != nil { // not calibrated yet
		return fmt.Errorf("networks to calibrate on: %w", err)
	}
	if len(networks) < minNetworks {
		return nil
	}
	all := l.loaded(networks, weights)
	tried := []*Latency{l.line(networks, all)}
	best := tried[0]
	if len(networks) >= minTyped {
		for _, more := range []func(*Latency) *Latency{
			func(l *Latency) *Latency { return l.weighted(networks, all, weights) },
			func(l *Latency) *Latency { return l.byType(networks, all) },
		} {
			c := more(best)
			if c == nil {
				continue
			}
			tried = append(tried, c)
			if c.check() == nil && c.clearlyBetter(best, networks) {
				best = c
			}
		}
	}
	best.Candidates = []LatencyCandidate{{best.method(), best.HeldOut}}
	for _, c := range tried {
		if c != best {
			best.Candidates = append(best.Candidates, LatencyCandidate{c.method(), c.HeldOut})
		}
	}
	*l = *best
	return nil
}

// method names the way that a predictor of timed blocks was calibrated.
func (l *Latency) method() string {
	switch {
	case l.Scales != nil && l.WeightsMS > 0:
		return MethodWeightsTypes
	case l.Scales != nil:
		return MethodTypes
	case l.WeightsMS > 0:
		return MethodWeights
	}
	return MethodLine
}

// line is a copy with a line through the sums over blocks.
func (l *Latency) line(networks []NetworkTime, all []load) *Latency {
	c := *l
	_, smallest := l.sums.Min()
	fitted := calibrate(timingsOf(all), smallest)
	c.Intercept, c.Slope, c.Calibrated = fitted.intercept, fitted.slope, true
	c.holdOut(networks, leaveOut(all, func(rest []load, out load) float64 {
		return calibrate(timingsOf(rest), smallest).of(out.timing().sum)
	}))
	return &c
}

// weighted is a copy with a line through the sums over blocks and what their weights cost; nil if
// these cost nothing.
func (l *Latency) weighted(networks []NetworkTime, all []load, weights blockWeights) *Latency {
	c := *l
	if c.WeightsMS = weightCost(all); !(c.WeightsMS > 0) {
		return nil
	}
	c.BlocksMS = weights.added(l.BlocksMS, c.WeightsMS)
	c.AtMS = nil
	for r, times := range l.AtMS {
		if c.AtMS == nil {
			c.AtMS = map[int]map[string]float64{}
		}
		c.AtMS[r] = weights.added(times, c.WeightsMS)
	}
	if c.tabulate() != nil {
		return nil
	}
	_, smallest := c.sums.Min()
	fitted := calibrate(timingsOf(costed(all, c.WeightsMS)), smallest)
	c.Intercept, c.Slope = fitted.intercept, fitted.slope
	c.holdOut(networks, leaveOut(all, func(rest []load, out load) float64 {
		cost := weightCost(rest)
		return calibrate(timingsOf(costed(rest, cost)), smallest).of(out.costed(cost).timing().sum)
	}))
	return &c
}

// byType is a copy with a factor for each type of block; nil if there is one type.
func (l *Latency) byType(networks []NetworkTime, all []load) *Latency {
	names := typesOf(all)
	if len(names) < 2 {
		return nil
	}
	costOf := func(some []load) float64 {
		if l.WeightsMS > 0 {
			return weightCost(some)
		}
		return 0
	}
	c := *l
	_, smallest := l.sums.Min()
	fitted := calibrateTypes(typedOf(names, costed(all, l.WeightsMS)), smallest)
	c.Intercept, c.Slope, c.Scales = fitted.intercept, fitted.slope, map[string]float64{}
	for i, name := range names {
		c.Scales[name] = fitted.scales[i]
	}
	c.holdOut(networks, leaveOut(all, func(rest []load, out load) float64 {
		cost := costOf(rest)
		return calibrateTypes(typedOf(names, costed(rest, cost)), smallest).
			of(typedOf(names, []load{out.costed(cost)})[0])
	}))
	return &c
}

// TransferLatency makes a predictor for another device or runtime from the predictor of one whose
// blocks were timed, and some whole networks that were timed on the new one: 10 to 50 are a good
// number, and 3 the least. What the old one says of each block is calibrated anew. From 10 networks
// on, estimates by the work of blocks are tried too, with and without what the old one says, and
// one of these taken if it is clearly better.
func TransferLatency(old *Latency, networks []NetworkTime, s regress.Settings) (*Latency, error) {
	if old == nil {
		return nil, errors.New("there is no latency predictor to begin with")
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	if len(networks) < minNetworks {
		return nil, fmt.Errorf(
			"%w: %d networks of the new device, expected at least %d, and better 10 to 50",
			ErrSamples, len(networks), minNetworks)
	}
	l, archs, err := newLatency(old.space, networks)
	if err != nil {
		return nil, err
	}
	l.BlocksMS, l.AtMS = old.scaled()
	weights := blockWeights{}
	for _, r := range old.space.Resolutions {
		for _, b := range old.space.AllBlocks(r) {
			weights.add(b)
		}
	}
	if err := l.calibrateBlocks(archs, networks, weights); err != nil {
		return nil, err
	}
	if len(networks) < regress.MinRows {
		return l, nil
	}
	best, tried := l, l.Candidates
	for _, known := range []*Latency{nil, old} {
		e, archs, err := newLatency(old.space, networks)
		if err != nil {
			return nil, err
		}
		if e.estimate(known, archs, networks, s) != nil {
			continue // which says nothing about the others
		}
		tried = append(tried, e.Candidates...)
		if e.clearlyBetter(best, networks) {
			best = e
		}
	}
	taken := best.Candidates[0]
	tried = slices.DeleteFunc(tried,
		func(c LatencyCandidate) bool { return c.Method == taken.Method })
	slices.SortStableFunc(tried, func(a, b LatencyCandidate) int {
		return cmp.Compare(a.MAPE,
			b.MAPE)
	})
	best.Candidates = append([]LatencyCandidate{taken}, tried...)
	return best, nil
}

// scaled are the times of the space's blocks with the scales of their types. Blocks with zeros are
// not among them: what a runtime gains by zeros says nothing about another.
func (l *Latency) scaled() (blocks map[string]float64, at map[int]map[string]float64) {
	blocks = map[string]float64{}
	for _, r := range l.space.Resolutions {
		for _, b := range l.space.AllBlocks(r) {
			key := b.Key()
			if ms, ok := l.BlocksMS[key]; ok {
				blocks[key] = l.scale(b) * ms
			}
			if ms, ok := l.AtMS[r][key]; ok {
				if at == nil {
					at = map[int]map[string]float64{}
				}
				if at[r] == nil {
					at[r] = map[string]float64{}
				}
				at[r][key] = l.scale(b) * ms
			}
		}
	}
	return blocks, at
}

// estimate fits to networks alone or, if there is an old predictor of another device, to these and
// what it says of their blocks.
func (l *Latency) estimate(old *Latency, archs []supernet.Arch, networks []NetworkTime,
	s regress.Settings) error {
	if len(networks) < regress.MinRows {
		return fmt.Errorf("%w: no blocks and %d networks, expected the times of blocks, or of at least %d networks",
			ErrSamples, len(networks), regress.MinRows)
	}
	workAt := func(resolution int, b supernet.Block) work {
		w := workOf(b)
		if old != nil {
			w[4] = old.scale(b) * old.time(resolution, b)
		}
		return w
	}
	loads := make([]workload, len(networks))
	for i, n := range networks {
		loads[i].ms = n.MS
		for _, b := range l.space.Blocks(n.Arch) {
			loads[i].work = loads[i].add(workAt(int(n.Arch.Resolution), b))
		}
	}
	prices, err := fitPrices(loads)
	if err != nil {
		return err
	}
	predicted := make([]float64, len(loads))
	for _, fold := range regress.Folds(len(loads), s) {
		rest, err := fitPrices(regress.Without(loads, fold))
		if err != nil {
			return err
		}
		for _, row := range fold {
			predicted[row] = loads[row].dot(rest)
		}
	}
	l.Estimated = true
	l.holdOut(networks, predicted)
	l.Candidates = []LatencyCandidate{{MethodRoofline, l.HeldOut}}
	l.BlocksMS = map[string]float64{}
	if old != nil {
		l.Candidates[0].Method = MethodBoth
		l.AtMS = map[int]map[string]float64{}
	}
	for _, r := range spanned(l.space, archs) {
		for _, b := range l.space.AllBlocks(r) {
			ms := workAt(r, b).dot(prices)
			if math.IsNaN(ms) {
				continue // the old one does not know it either
			}
			key := b.Key()
			if known, ok := l.BlocksMS[key]; !ok {
				l.BlocksMS[key] = ms
			} else if known != ms {
				if l.AtMS[r] == nil {
					l.AtMS[r] = map[string]float64{}
				}
				l.AtMS[r][key] = ms
			}
		}
	}
	return l.tabulate()
}

// clearlyBetter compares with the held-out errors of a simpler predictor.
func (l *Latency) clearlyBetter(simpler *Latency, networks []NetworkTime) bool {
	ms := make([]float64, len(networks))
	for i, n := range networks {
		ms[i] = n.MS
	}
	return clearlyBetter(l.unseen, simpler.unseen, ms)
}

// clearlyBetter says whether the relative errors of held-out predictions are smaller than those of
// a simpler predictor by more than the standard error of the difference (the one-standard-error
// rule of Breiman et al., "Classification and regression trees", 1984): of several fits to few
// networks, one is always the best by chance.
func clearlyBetter(unseen, simpler, ms []float64) bool {
	gains := make([]float64, len(ms))
	for i := range gains {
		gains[i] = math.Abs(simpler[i]/ms[i]-1) - math.Abs(unseen[i]/ms[i]-1)
	}
	gain, deviation := stat.MeanStdDev(gains, nil)
	return gain > stat.StdErr(deviation, float64(len(gains)))
}

func (l *Latency) holdOut(networks []NetworkTime, predicted []float64) {
	resolutions, ms := make([]int, len(networks)), make([]float64, len(networks))
	for i, n := range networks {
		resolutions[i], ms[i] = int(n.Arch.Resolution), n.MS
	}
	l.HeldOut = regress.Compare(predicted, ms)
	l.ByResolution = byResolution(resolutions, predicted, ms)
	l.Interval = regress.IntervalOf(predicted, ms)
	l.unseen = predicted
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
