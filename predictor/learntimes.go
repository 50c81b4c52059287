package predictor

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/predictor/blocktimes"
	"github.com/tailor-nas/tailor/predictor/regress"
)

// estimate fits to networks alone.
func (l *Latency) estimate(s regress.Settings) (*Latency, error) {
	tried, err := l.learn(nil, s)
	if err != nil {
		return nil, err
	}
	return chosen(tried), nil
}

// learn tells the times of blocks from those of networks or, if known is given, from these and what
// is known of blocks: by prices alone and, if there are such, with corrections of groups of
// blocks.
func (l *Latency) learn(known blocktimes.Known, s regress.Settings) ([]*Latency, error) {
	if n := len(l.timed); n < regress.MinRows {
		return nil, fmt.Errorf("%w: no blocks and %d distinct networks, expected the times of "+
			"blocks, or of at least %d networks", ErrSamples, n, regress.MinRows)
	}
	networks := make([]blocktimes.Network, len(l.timed))
	for i, n := range l.timed {
		networks[i] = blocktimes.Network{Resolution: int(n.Arch.Resolution),
			Blocks: l.space.Blocks(n.Arch), MS: n.MS}
	}
	priced, corrected, err := blocktimes.Learn(networks, known, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSamples, err)
	}
	methods := []string{MethodRoofline, MethodGroups}
	if known != nil {
		methods = []string{MethodBoth, MethodBothGroups}
	}
	first, err := l.learned(priced, methods[0])
	if err != nil {
		return nil, err
	}
	all := []*Latency{first}
	if corrected != nil {
		if c, err := l.learned(corrected, methods[1]); err == nil {
			all = append(all, c)
		}
	}
	return all, nil
}

// learned is a copy with the times of a model, at the resolutions between those of the networks.
func (l *Latency) learned(m *blocktimes.Learned, method string) (*Latency, error) {
	c := *l
	c.how, c.Estimated = method, true
	c.Intercept, c.BlocksMS, c.AtMS = m.Model.InterceptMS(), map[string]float64{}, nil
	for _, r := range spanned(l.space, l.archs()) {
		c.setAll(r, m.Model.BlockMS)
	}
	c.holdOut(m.HeldOut)
	if err := c.tabulate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSamples, err)
	}
	return &c, nil
}

// setAll sets what each block contributes to the latency of networks of a resolution in
// milliseconds, but for those of which that is NaN.
func (l *Latency) setAll(r int, contribution blocktimes.Known) {
	for _, b := range l.space.AllBlocks(r) {
		key, ms := b.Key(), contribution(r, b)/l.Slope/l.scale(b)
		known, ok := l.BlocksMS[key]
		switch {
		case math.IsNaN(ms):
		case !ok:
			l.BlocksMS[key] = ms
		case known != ms:
			l.setAt(r, key, ms)
		}
	}
}

// setAt sets the time of a block at one resolution alone.
func (l *Latency) setAt(resolution int, key string, ms float64) {
	if l.AtMS == nil {
		l.AtMS = map[int]map[string]float64{}
	}
	if l.AtMS[resolution] == nil {
		l.AtMS[resolution] = map[string]float64{}
	}
	l.AtMS[resolution][key] = ms
}
