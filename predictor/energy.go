package predictor

import (
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const (
	energyKind    = "energy"
	energyVersion = 1
)

// Energy predicts the energy that an inference takes on a device, in millijoules: InterceptMJ plus
// the sum of what the blocks take. It is the document "energy/1"; make one with [FitEnergy] or
// [LoadEnergy]. It is safe for concurrent use.
type Energy struct {
	provenance.Header
	SpaceName   string `json:"space"`
	SpaceSHA256 string `json:"space_sha256"`
	Device      string `json:"device"`  // id; set by the caller
	Runtime     string `json:"runtime"` // id; set by the caller
	// Source is what measured the networks; set by the caller.
	Source      EnergySource     `json:"source"`
	InterceptMJ float64          `json:"intercept_mj"`
	Networks    int              `json:"networks"` // distinct whole networks that were measured
	Noise       regress.Noise    `json:"noise,omitzero"`
	HeldOut     regress.HeldOut  `json:"heldout"`
	Interval    regress.Interval `json:"interval,omitzero"`
	// what was tried; the first was taken
	Candidates   []LatencyCandidate  `json:"candidates"`
	ByResolution []ResolutionHeldOut `json:"heldout_by_resolution,omitempty"`
	BlocksMJ     map[string]float64  `json:"blocks_mj"` // by supernet.Block.Key
	// AtMJ are energies that hold at one resolution instead.
	AtMJ map[int]map[string]float64 `json:"blocks_mj_by_resolution,omitempty"`

	sums *Latency // the same sums, a millijoule for each millisecond
}

// EnergySource is what measured energies.
type EnergySource string

const (
	// EnergyMeasured is a power meter, or whatever else somebody read energies from.
	EnergyMeasured EnergySource = "measured"
	// EnergyPowercap are the counters of a device's processor packages, as a profile has them.
	EnergyPowercap EnergySource = "powercap"
)

// NetworkEnergy is what an inference of a whole network takes. One that was measured several times
// may come as often.
type NetworkEnergy struct {
	Arch supernet.Arch
	MJ   float64
}

// FitEnergy learns the energy of a space's networks from some that were measured, as [FitLatency]
// learns latencies from whole networks alone: 10 distinct ones are the least. With predictors of
// latency, of the same device or of others, 3 are, as [TransferLatency] has it: what takes longer
// takes more energy. Errors about the energies wrap [ErrSamples] or [supernet.ErrArch].
func FitEnergy(space *supernet.Space, networks []NetworkEnergy, from []*Latency,
	s regress.Settings) (*Energy, error) {
	times := make([]NetworkTime, len(networks))
	for i, n := range networks {
		if err := checkMJ(n.MJ); err != nil {
			return nil, fmt.Errorf("%w: network %d %w", ErrSamples, i+1, err)
		}
		times[i] = NetworkTime{n.Arch, n.MJ}
	}
	distinct, _ := merged(times)
	least, fewer := regress.MinRows, fmt.Sprintf(", or %d and a predictor of latency to begin with",
		minNetworks)
	if len(from) > 0 {
		least, fewer = minNetworks, ", and better 10 to 50"
	}
	if len(distinct) < least {
		return nil, fmt.Errorf("%w: energies of %d distinct networks, expected at least %d%s",
			ErrSamples, len(distinct), least, fewer)
	}
	var l *Latency
	var err error
	if len(from) > 0 {
		l, err = TransferLatency(from, times, s)
	} else {
		l, err = FitLatency(space, nil, times, s)
	}
	if err != nil {
		return nil, err
	}
	return energyOf(l), nil
}

// energyOf takes over what was learned, a sum over blocks whatever it was scaled by.
func energyOf(l *Latency) *Energy {
	sums := l.unscaled()
	e := &Energy{SpaceName: l.SpaceName, SpaceSHA256: l.SpaceSHA256, InterceptMJ: l.Intercept,
		Networks: l.Networks, Noise: l.Noise, HeldOut: l.HeldOut, Interval: l.Interval,
		Candidates: l.Candidates, ByResolution: l.ByResolution, BlocksMJ: sums.BlocksMS,
		AtMJ: sums.AtMS}
	e.sums = l
	return e
}

// Predict gives the energies of archs of the space in millijoules. Errors are as those of
// [Latency.Predict].
func (e *Energy) Predict(archs []supernet.Arch) ([]float64, error) {
	mj, err := e.sums.Predict(archs)
	if errors.Is(err, ErrOverflow) {
		return nil, fmt.Errorf("energy: %w: fit it again", ErrOverflow)
	}
	return mj, err
}

// Min is the smallest energy that a network can take, in millijoules, and such a network.
func (e *Energy) Min() (supernet.Arch, float64, error) { return e.sums.Min() }

// Affine is the energy in millijoules over the networks of a resolution in pixels, as
// [choices.Additive.Affine] has it.
func (e *Energy) Affine(resolution int) choices.Affine { return e.sums.Affine(resolution) }

// Save writes the document.
func (e *Energy) Save(path string) error {
	return store.WriteDocument(path, energyKind, energyVersion, e)
}

// LoadEnergy reads a document that [Energy.Save] wrote. One of another space is a [*SpaceError].
func LoadEnergy(path string, space *supernet.Space) (*Energy, error) {
	if space == nil {
		return nil, errNoSpace
	}
	e := &Energy{}
	if err := store.ReadDocument(path, energyKind, energyVersion, e); err != nil {
		return nil, err
	}
	if sha := space.SHA256(); e.SpaceSHA256 != sha {
		return nil, &SpaceError{path, e.SpaceName, e.SpaceSHA256, space.Name, sha}
	}
	e.sums = &Latency{SpaceName: e.SpaceName, SpaceSHA256: e.SpaceSHA256, space: space,
		Intercept: e.InterceptMJ, Slope: 1, BlocksMS: e.BlocksMJ, AtMS: e.AtMJ}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("%s: %w: fit it again", path, err)
	}
	return e, nil
}

// check says what is wrong with what was read from a file, and prepares the sums.
func (e *Energy) check() error {
	if e.Source != EnergyMeasured && e.Source != EnergyPowercap {
		return fmt.Errorf("source is %.40q, expected %q or %q", e.Source, EnergyMeasured,
			EnergyPowercap)
	}
	if err := e.sums.checkBlocks("mJ"); err != nil {
		return err
	}
	if err := checkStated(e.HeldOut, e.ByResolution, nil, e.Interval); err != nil {
		return err
	}
	if err := e.sums.tabulate(); err != nil {
		return err
	}
	if _, mj, _ := e.Min(); !(mj > 0) || !finite(mj) {
		return fmt.Errorf("intercept_mj %g gives the smallest network %g mJ, expected an energy "+
			"above 0", e.InterceptMJ, mj)
	}
	return nil
}

// checkMJ refuses an energy that is not within the limits of all costs.
func checkMJ(mj float64) error {
	if !(mj >= minMS && mj <= maxMS) {
		return fmt.Errorf("took %g mJ, expected %g to %g", mj, minMS, float64(maxMS))
	}
	return nil
}
