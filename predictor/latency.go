package predictor

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const (
	latencyKind    = "latency"
	latencyVersion = 5
	latencyOldest  = 2 // it had neither a reference nor noise
)

// Latency predicts how long the sub-networks of a space take on a device: Intercept + Slope times
// the sum of the times of their blocks, scaled by type. It is the document "latency/5"; make one
// with [FitLatency] or [LoadLatency]. It is safe for concurrent use.
type Latency struct {
	provenance.Header
	SpaceName   string `json:"space"`
	SpaceSHA256 string `json:"space_sha256"`
	Device      string `json:"device"`  // id; set by the caller
	Runtime     string `json:"runtime"` // id, with what the times depend on; set by the caller
	// Reference is the network that all networks were timed against, if they were; set by the
	// caller.
	Reference *LatencyReference `json:"reference,omitempty"`
	// Unstable says why the times are in doubt, such as how the device changed meanwhile; empty if
	// they are not, or if nobody knows. Set by the caller.
	Unstable  string  `json:"unstable_reason,omitempty"`
	Intercept float64 `json:"intercept_ms"`
	Slope     float64 `json:"slope"`
	// Scales are by type of block (blockType) further factors of its times; those that are missing
	// are 1.
	Scales map[string]float64 `json:"scales,omitempty"`
	// WeightsMS is what a million weights of a block add to its time in a network, which BlocksMS
	// and AtMS contain; 0 if that was not told from the times of networks.
	WeightsMS float64 `json:"weights_ms_per_million,omitempty"`
	// Calibrated says whether intercept and slope were fitted. With fewer than 3 networks they are
	// 0 and 1, and there is no held-out error.
	Calibrated bool `json:"calibrated"`
	// Estimated says that no blocks were timed: their times explain those of the networks.
	Estimated bool `json:"estimated,omitempty"`
	Networks  int  `json:"networks"` // distinct whole networks that were timed
	// Noise is what their times are off by, if some were timed several times.
	Noise    regress.Noise    `json:"noise,omitzero"`
	HeldOut  regress.HeldOut  `json:"heldout,omitzero"`
	Interval regress.Interval `json:"interval,omitzero"`
	// what was tried; the first was taken
	Candidates   []LatencyCandidate  `json:"candidates,omitempty"`
	ByResolution []ResolutionHeldOut `json:"heldout_by_resolution,omitempty"`
	BlocksMS     map[string]float64  `json:"blocks_ms"` // by supernet.Block.Key
	// AtMS are times that hold at one resolution instead: tables that were measured at each
	// resolution have a time of their own for a block of the same work.
	AtMS map[int]map[string]float64 `json:"blocks_ms_by_resolution,omitempty"`

	space  *supernet.Space
	sums   *choices.Additive // of BlocksMS, not calibrated
	unseen []float64         // held-out predictions of the networks, while fitting
	timed  []NetworkTime     // the networks, while fitting
	parts  [][]int           // of the networks, left out together, while fitting
	how    string            // method that is not told by what l has, while fitting
	source int               // which of several old predictors it began with, from 1, while fitting
}

// LatencyReference is a network and what it took where the networks were timed. Others that are
// timed against it have latencies on the same scale.
type LatencyReference struct {
	Arch supernet.Spec `json:"arch"`
	MS   float64       `json:"ms"`
}

// tabulate prepares sums; blocks that were not timed are unknown to them.
func (l *Latency) tabulate() (err error) {
	l.sums, err = choices.NewAdditiveAt(l.space, l.space.Resolutions,
		func(resolution int, b supernet.Block) float64 {
			return l.scale(b) * l.time(resolution, b)
		})
	return err
}

// time is what a block takes, NaN if it is not known.
func (l *Latency) time(resolution int, b supernet.Block) float64 {
	key := b.Key()
	if ms, ok := l.AtMS[resolution][key]; ok {
		return ms
	}
	if ms, ok := l.BlocksMS[key]; ok {
		return ms
	}
	return math.NaN()
}

// scale is the factor of a block's type.
func (l *Latency) scale(b supernet.Block) float64 {
	if len(l.Scales) == 0 {
		return 1
	}
	if s, ok := l.Scales[blockType(b)]; ok {
		return s
	}
	return 1
}

// Predict gives the latency of archs of the space in milliseconds. A block that was not timed is an
// [*UnknownBlockError], an arch that is not one of the space an error that wraps
// [supernet.ErrArch], and a latency beyond the numbers there are one that wraps [ErrOverflow].
func (l *Latency) Predict(archs []supernet.Arch) ([]float64, error) {
	c := calibration{l.Intercept, l.Slope}
	ms := make([]float64, len(archs))
	for i, a := range archs {
		sum := l.sums.Sum(a)
		if math.IsNaN(sum) {
			return nil, l.unknown(archs, i)
		}
		if ms[i] = c.of(sum); !finite(ms[i]) {
			return nil, fmt.Errorf("arch %d of %d: %w (%g ms): fit the latency again", i+1,
				len(archs), ErrOverflow, ms[i])
		}
	}
	return ms, nil
}

// BlockMS is what a block of a network of a resolution in pixels contributes to the latency in
// milliseconds: the latency is Intercept plus the sum of these. The block must have been timed.
func (l *Latency) BlockMS(resolution int, b supernet.Block) (ms float64, known bool) {
	ms = l.Slope * l.scale(b) * l.time(resolution, b)
	return ms, finite(ms)
}

// HeldOutPredictions are the latencies in milliseconds that HeldOut compares with those of the
// networks that l was fitted to, in the order in which they first came; nil if l was read from a
// file.
func (l *Latency) HeldOutPredictions() []float64 { return l.unseen }

// unknown says why an arch has no sum. That is rare, and worth building blocks for.
func (l *Latency) unknown(archs []supernet.Arch, i int) error {
	if err := l.space.Check(archs[i]); err != nil {
		return archError(l.space, archs, i)
	}
	for _, b := range l.space.Blocks(archs[i]) {
		if math.IsNaN(l.time(int(archs[i].Resolution), b)) {
			return fmt.Errorf("arch %d of %d: %w", i+1, len(archs), &UnknownBlockError{b})
		}
	}
	return archError(l.space, archs, i)
}

// Min is the smallest latency that a network can have, in milliseconds, and such a network. It is
// exact, among the networks all of whose blocks were timed, since the slope is positive. A limit
// below it cannot be met by any search.
func (l *Latency) Min() (supernet.Arch, float64, error) {
	arch, sum := l.sums.Min()
	return arch, calibration{l.Intercept, l.Slope}.of(sum), nil
}

// Affine is the latency in milliseconds over the networks of a resolution in pixels, as
// [choices.Additive.Affine] has it.
func (l *Latency) Affine(resolution int) choices.Affine {
	f := l.sums.Affine(resolution)
	f.Constant = l.Intercept + l.Slope*f.Constant
	for i := range f.Weights {
		f.Weights[i] *= l.Slope
	}
	return f
}

// Save writes the document.
func (l *Latency) Save(path string) error {
	return store.WriteDocument(path, latencyKind, latencyVersion, l)
}

// LoadLatency reads a document that [Latency.Save] wrote. One of another space is a [*SpaceError].
func LoadLatency(path string, space *supernet.Space) (*Latency, error) {
	if space == nil {
		return nil, errNoSpace
	}
	l := &Latency{space: space}
	err := store.ReadDocumentSince(path, latencyKind, latencyOldest, latencyVersion, l)
	if err != nil {
		return nil, err
	}
	if sha := space.SHA256(); l.SpaceSHA256 != sha {
		return nil, &SpaceError{path, l.SpaceName, l.SpaceSHA256, space.Name, sha}
	}
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("%s: %w: fit it again", path, err)
	}
	return l, nil
}

// check says what is wrong with what was read from a file, and prepares the sums.
func (l *Latency) check() error {
	if err := l.checkBlocks("ms"); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(l.Scales)) {
		if v := l.Scales[name]; !(v > 0 && v <= maxMS) {
			return fmt.Errorf("the scale of %s is %g, expected a factor above 0, at most %g", name,
				v, float64(maxMS))
		}
	}
	if r := l.Reference; r != nil {
		if _, err := l.space.Arch(r.Arch); err != nil || !(r.MS > 0 && r.MS <= maxMS) {
			return fmt.Errorf("the reference takes %g ms (%v), expected a network of the space and a time above 0", r.MS, err)
		}
	}
	if err := checkStated(l.HeldOut, l.ByResolution, nil, l.Interval); err != nil {
		return err
	}
	if err := l.tabulate(); err != nil {
		return err
	}
	if _, ms, _ := l.Min(); !(l.Slope > 0) || !(ms > 0) || !finite(ms) {
		return fmt.Errorf("intercept_ms %g and slope %g give the fastest network %g ms, expected a time above 0", l.Intercept, l.Slope, ms)
	}
	return nil
}

// checkBlocks refuses what no block takes, in a unit that the error names.
func (l *Latency) checkBlocks(unit string) error {
	all := []map[string]float64{l.BlocksMS}
	for _, r := range slices.Sorted(maps.Keys(l.AtMS)) {
		all = append(all, l.AtMS[r])
	}
	for _, costs := range all {
		for _, key := range slices.Sorted(maps.Keys(costs)) {
			if v := costs[key]; !(v >= 0 && v <= maxMS) {
				return fmt.Errorf("block %s takes %g %s, expected 0 to %g", key, v, unit,
					float64(maxMS))
			}
		}
	}
	return nil
}
