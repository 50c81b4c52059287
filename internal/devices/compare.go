package devices

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
)

// Comparison is how far two profiles are apart.
type Comparison struct {
	// Same says that they are of one device, with one runtime and its settings.
	Same     bool  `json:"same_device_and_runtime"`
	Blocks   Apart `json:"blocks"`
	Networks Apart `json:"networks"`
}

// Apart is how far the times of what is in both are apart.
type Apart struct {
	Both     int `json:"in_both"`
	Unstable int `json:"unstable"` // of these, whose time is not known to within 2 % in one of them
	// Ratio is the median of times in the second by those in the first.
	Ratio float64 `json:"median_ratio"`
	// Median, P95 and Most say by which share of it times are apart.
	Median float64 `json:"median_apart"`
	P95    float64 `json:"p95_apart"`
	Most   float64 `json:"most_apart"`
}

// ErrNothing says that two profiles have nothing in common.
var ErrNothing = errors.New("no block is in both profiles")

// Compare compares the times of blocks that do the same work and, of one space, those of networks.
func Compare(a, b *profiles.Profile) (*Comparison, error) {
	c := &Comparison{Same: a.Identity() == b.Identity(), Blocks: apart(blocks(a), blocks(b))}
	if a.SpaceSHA256 == b.SpaceSHA256 {
		c.Networks = apart(networks(a), networks(b))
	}
	if c.Blocks.Both == 0 {
		return nil, fmt.Errorf("%w: one is of space %s, the other of %s", ErrNothing, a.SpaceName,
			b.SpaceName)
	}
	return c, nil
}

// blocks are the times of a profile by block.
func blocks(p *profiles.Profile) map[string]timing.Timing {
	all := map[string]timing.Timing{}
	for _, b := range p.Blocks {
		all[b.Block.Key()] = b.Timing
	}
	return all
}

// networks are the times of a profile by network.
func networks(p *profiles.Profile) map[string]timing.Timing {
	all := map[string]timing.Timing{}
	for _, n := range p.Networks {
		all[fmt.Sprint(n.Arch)] = n.Timing
	}
	return all
}

// apart compares times by name.
func apart(a, b map[string]timing.Timing) (c Apart) {
	var ratios, shares []float64
	for name, x := range a {
		y, ok := b[name]
		if !ok {
			continue
		}
		if x.Unstable || y.Unstable {
			c.Unstable++
		}
		ratio := y.LatencyMS / x.LatencyMS
		ratios, shares = append(ratios, ratio), append(shares, math.Abs(ratio-1))
	}
	if c.Both = len(ratios); c.Both == 0 {
		return c
	}
	slices.Sort(ratios)
	slices.Sort(shares)
	at := func(sorted []float64, q float64) float64 { return sorted[int(q*float64(c.Both-1))] }
	c.Ratio = at(ratios, .5)
	c.Median, c.P95, c.Most = at(shares, .5), at(shares, .95), at(shares, 1)
	return c
}
