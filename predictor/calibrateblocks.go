package predictor

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// LatencyCandidate is a way to predict that was tried, with its error.
type LatencyCandidate struct {
	Method string `json:"method"` // one of the Method constants
	// Source is which of several old predictors was begun with, from 1; 0 is none, or the only one.
	Source int `json:"source,omitempty"`
	regress.HeldOut
}

// Ways to predict latency.
const (
	MethodLine         = "line"          // the sum over blocks, times a factor, plus a constant
	MethodTypes        = "types"         // the same with a factor for each type of block
	MethodWeights      = "weights"       // a line, with what weights cost added to blocks
	MethodWeightsTypes = "weights-types" // the same with a factor for each type of block
	MethodRoofline     = "roofline"      // blocks are not known: their work explains the networks
	MethodGroups       = "groups"        // the same with corrections of groups of blocks
	MethodBoth         = "both"          // a sum of work and of times alone or on another device
	MethodBothGroups   = "both-groups"   // the same with corrections of groups of blocks
	MethodMix          = "mix"           // a mean of several
)

// calibrate fits to blocks and networks.
func (l *Latency) calibrate(blocks []BlockTime, s regress.Settings) (best *Latency, err error) {
	if l.BlocksMS, err = meanTimes(blocks); err != nil {
		return nil, err
	}
	for _, b := range blocks {
		if key := b.Block.Key(); b.Resolution != 0 && b.MS != l.BlocksMS[key] {
			l.setAt(b.Resolution, key, b.MS)
		}
	}
	weights, sparse := blockWeights{}, false
	for _, b := range blocks {
		weights.add(b.Block)
		sparse = sparse || b.Block.Zeros > 0
	}
	tried, err := l.calibrateBlocks(weights)
	if err != nil || len(tried) == 0 {
		return l, err
	}
	// Corrections are of dense blocks: what zeros gain would not be known any more.
	if len(l.timed) >= regress.MinRows && !sparse {
		if more, err := l.learn(l.time, s); err == nil {
			tried = append(tried, more...)
		}
	}
	b := chosen(tried)
	return b, b.keepResolutions(tried)
}

// calibrateBlocks fits to networks, with the times of blocks as they are, from the simplest way: a
// line; then, where there are enough networks, what weights cost, and scales of types, each on top
// of what is clearly better than simpler ways. There is none for too few networks.
func (l *Latency) calibrateBlocks(weights blockWeights) (tried []*Latency, err error) {
	if err := l.tabulate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSamples, err)
	}
	if _, err := l.Predict(l.archs()); err != nil { // not calibrated yet
		return nil, fmt.Errorf("networks to calibrate on: %w", err)
	}
	if len(l.timed) < minNetworks {
		return nil, nil
	}
	all := l.loaded(l.timed, weights)
	tried = []*Latency{l.line(all)}
	if len(l.timed) < minTyped {
		return tried, nil
	}
	if c := tried[0].weighted(all, weights); c != nil {
		tried = append(tried, c)
	}
	if c := best(tried).byType(all); c != nil {
		tried = append(tried, c)
	}
	return tried, nil
}

// best is the last, of those that get more complicated, that is clearly better than what was best
// before it.
func best(tried []*Latency) *Latency {
	b := tried[0]
	for _, c := range tried[1:] {
		if c.check() == nil && clearlyBetter(c.unseen, b.unseen, b.times()) {
			b = c
		}
	}
	return b
}

// chosen is the best with all that was tried as its candidates.
func chosen(tried []*Latency) *Latency {
	b := best(tried)
	b.candidates(tried)
	return b
}

// candidates lists what was tried, l first and the others by their error.
func (l *Latency) candidates(tried []*Latency) {
	var others []LatencyCandidate
	for _, c := range tried {
		if c != l {
			others = append(others, LatencyCandidate{c.method(), c.source, c.HeldOut})
		}
	}
	slices.SortStableFunc(others, func(a, b LatencyCandidate) int {
		return cmp.Compare(a.MAPE, b.MAPE)
	})
	l.Candidates = append([]LatencyCandidate{{l.method(), l.source, l.HeldOut}}, others...)
}

// method names the way that a predictor was fitted.
func (l *Latency) method() string {
	switch {
	case l.how != "":
		return l.how
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
func (l *Latency) line(all []load) *Latency {
	c := *l
	_, smallest := l.sums.Min()
	fitted := calibrate(timingsOf(all), smallest)
	c.Intercept, c.Slope, c.Calibrated = fitted.intercept, fitted.slope, true
	c.holdOut(leaveOut(all, l.parts, func(rest []load) func(load) float64 {
		fitted := calibrate(timingsOf(rest), smallest)
		return func(out load) float64 { return fitted.of(out.timing().sum) }
	}))
	return &c
}

// weighted is a copy with a line through the sums over blocks and what their weights cost; nil if
// these cost nothing.
func (l *Latency) weighted(all []load, weights blockWeights) *Latency {
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
	c.holdOut(leaveOut(all, l.parts, func(rest []load) func(load) float64 {
		cost := weightCost(rest)
		fitted := calibrate(timingsOf(costed(rest, cost)), smallest)
		return func(out load) float64 { return fitted.of(out.costed(cost).timing().sum) }
	}))
	return &c
}

// byType is a copy with a factor for each type of block; nil if there is one type.
func (l *Latency) byType(all []load) *Latency {
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
	c.holdOut(leaveOut(all, l.parts, func(rest []load) func(load) float64 {
		cost := costOf(rest)
		fitted := calibrateTypes(typedOf(names, costed(rest, cost)), smallest)
		return func(out load) float64 {
			return fitted.of(typedOf(names, []load{out.costed(cost)})[0])
		}
	}))
	return &c
}

// rounding is what relative errors may differ by where there is nothing to tell apart.
const rounding = 1e-9

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
	return gain > rounding && gain > stat.StdErr(deviation, float64(len(gains)))
}
