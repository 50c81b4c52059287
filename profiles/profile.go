package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const profileKind, profileOldest, profileVersion = "profile", 4, 6

// Profile is how long the blocks of a space, and some whole networks, take on a device with a
// runtime: the document "profile/6". All times are of one image, or of the runtime's batch.
type Profile struct {
	provenance.Header
	SpaceName   string        `json:"space"`
	SpaceSHA256 string        `json:"space_sha256"`
	Resolutions []int         `json:"resolutions"` // those measured
	Device      device.Device `json:"device"`
	Runtime     RuntimeInfo   `json:"runtime"`
	// Worker is who measured it for a queue; empty where nobody was asked.
	Worker string `json:"worker,omitempty"`
	// Session is that of the blocks, all timed against one of them.
	Session timing.Summary `json:"session"`
	Blocks  []BlockTiming  `json:"blocks"`
	// NetworkSession is that of the networks, all timed against ReferenceArch. What shares caches
	// with a network slows it more than a block: so they have a reference of their own.
	NetworkSession timing.Summary  `json:"network_session"`
	ReferenceArch  supernet.Spec   `json:"reference_arch"`
	Networks       []NetworkTiming `json:"networks"`
	// EnergySource is what told the energies of networks, [Powercap]; empty where they have none,
	// and then EnergyUnavailable says why.
	EnergySource      string          `json:"energy_source,omitempty"`
	EnergyUnavailable string          `json:"energy_unavailable,omitempty"`
	Settings          ProfileSettings `json:"settings"`
}

// BlockTiming is the time of a block on its own.
type BlockTiming struct {
	Block supernet.Block `json:"block"`
	timing.Timing
}

// NetworkTiming is the time of a whole network, which block sums are calibrated on.
type NetworkTiming struct {
	Arch supernet.Spec `json:"arch"`
	// EnergyMJ is what a run takes, in millijoules, as the whole device takes it meanwhile; 0 if
	// nothing tells.
	EnergyMJ float64 `json:"energy_mj,omitempty"`
	timing.Timing
}

// Auto stands for a budget that follows from what is measured.
const Auto = timing.Auto

// ProfileSettings say what to measure. Zero means zero: begin with [ProfileDefaults].
type ProfileSettings struct {
	Resolutions []int `json:"resolutions,omitempty"` // none are all of the space
	// whole networks: largest, smallest, random ones; 2 or more
	Networks int `json:"networks" range:"2..10000"`
	// Auto is 20 s, or 300 ms a block and 3 s a network if that is more; less where all is
	// settled
	Budget   time.Duration         `json:"budget_ns"`
	Seed     uint64                `json:"seed"`
	Progress func(timing.Progress) `json:"-"`
	// Sparse, if not empty, adds to the blocks those with 50, 80, 90 and 95 % zeros of this
	// structure (none for channels, whose narrower blocks a space has many of), for latency
	// predictors to tell what pruning gains. That makes four to five times as many blocks, and as
	// much time. It is not written: the blocks say it.
	Sparse supernet.Structure `json:"-"`
	// Parts, if not empty, is a folder that keeps what is measured of each resolution, as a profile
	// of that one, so that the same call goes on after an interruption. [Profile.DropParts] removes
	// it.
	Parts string `json:"-"`
	// Before, if not nil, is called before each resolution is measured, for instance with
	// [WaitQuiet].
	Before func(context.Context) error `json:"-"`
	// Clock replaces the real clock.
	Clock timing.Clock `json:"-"`
}

// ProfileDefaults measure all resolutions, and 20 networks.
func ProfileDefaults() ProfileSettings { return ProfileSettings{Networks: 20, Budget: Auto} }

// sparseLevels are the percentages of zeros that a sparse profile adds: fewer than those of
// [MeasureVariants], since a space has many blocks.
var sparseLevels = []int{50, 80, 90, 95}

// ErrSettings is returned for a setting that cannot be.
var ErrSettings = errors.New("bad profile setting")

func (s *ProfileSettings) complete(space *supernet.Space) error {
	if len(s.Resolutions) == 0 {
		s.Resolutions = space.Resolutions
	}
	for _, r := range s.Resolutions {
		if !slices.Contains(space.Resolutions, r) {
			return fmt.Errorf("%w: resolution %d is not in space %s", ErrSettings, r, space.Name)
		}
	}
	if s.Sparse != "" && (s.Sparse.Check() != nil || s.Sparse == supernet.Channels) {
		return fmt.Errorf("%w: sparse is %q, expected weights, vectors8 or vectors16", ErrSettings,
			string(s.Sparse))
	}
	if err := settings.Check(*s); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if s.Budget < 1 && s.Budget != Auto {
		return fmt.Errorf("%w: budget is %v, expected a time above 0", ErrSettings, s.Budget)
	}
	return nil
}

// New measures the blocks and networks of a space on the device of the runtime, for about the
// budget. The blocks of each resolution are measured in a session of their own, all against one of
// them, and its networks in another, all against one of them.
func New(ctx context.Context, space *supernet.Space, rt Runtime, s ProfileSettings) (*Profile,
	error) {
	if space == nil || rt == nil {
		return nil, fmt.Errorf("%w: a profile takes a space and a runtime", ErrSettings)
	}
	if err := s.complete(space); err != nil {
		return nil, err
	}
	here, err := DeviceOf(ctx, rt)
	if err != nil {
		return nil, err
	}
	if err := here.CheckTiming(); err != nil {
		return nil, err
	}
	parts, archs, reference := plan(space, &s)
	all, err := measureParts(ctx, rt, parts, Profile{SpaceName: space.Name,
		SpaceSHA256: space.SHA256(), Device: here, Runtime: rt.Info(), Settings: s,
		ReferenceArch: space.Spec(reference)})
	if err != nil {
		return nil, err
	}
	return merge(space, all, archs)
}

// plan says what is measured, and completes the budget.
func plan(space *supernet.Space, s *ProfileSettings) (parts []part, archs []supernet.Arch,
	reference supernet.Arch) {
	archs = calibrationArchs(space, *s)
	reference = referenceArch(space, s.Resolutions)
	parts = divide(space, *s, archs, reference)
	if s.Budget == Auto {
		s.Budget = max(timing.Defaults().Budget, workOf(parts))
	}
	return parts, archs, reference
}

// Reference is what networks of a later session are to be timed against, so that their latencies
// are those of this profile, whatever else the machine does then.
func (p *Profile) Reference(space *supernet.Space) (Reference, error) {
	return ReferenceOf(space, p.ReferenceArch, p.NetworkSession.ReferenceMS)
}

// Seconds is how long the profile took.
func (p *Profile) Seconds() float64 { return p.Session.Seconds + p.NetworkSession.Seconds }

// Unstable says why the profile is in doubt, empty if it is not: how the machine changed meanwhile,
// or what else had its processors.
func (p *Profile) Unstable() string {
	return cmp.Or(p.Session.UnstableReason, p.NetworkSession.UnstableReason,
		p.Session.Conditions.Disturbed(), p.NetworkSession.Conditions.Disturbed())
}

// Save writes the document.
func (p *Profile) Save(path string) error {
	return store.WriteDocument(path, profileKind, profileVersion, p)
}

// Load reads a profile. Whether it is of a space, and its networks are, whoever uses it must check.
func Load(path string) (*Profile, error) {
	var p Profile
	err := store.ReadDocumentSince(path, profileKind, profileOldest, profileVersion, &p)
	if err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w; profile again", path, err)
	}
	return &p, nil
}

// check refuses what no measurement gives.
func (p *Profile) check() error {
	if err := p.Session.Conditions.Check(); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if err := p.NetworkSession.Conditions.Check(); err != nil {
		return fmt.Errorf("network_session: %w", err)
	}
	for i, b := range p.Blocks {
		if err := supernet.CheckBlocks([]supernet.Block{b.Block}); err != nil {
			return fmt.Errorf("blocks[%d]: %w", i, err)
		}
		if !(b.LatencyMS > 0) {
			return fmt.Errorf("blocks[%d] (%s): latency_ms is %g, expected above 0",
				i, b.Block.Key(), b.LatencyMS)
		}
	}
	if len(p.Networks) > 0 && !(p.NetworkSession.ReferenceMS > 0) {
		return fmt.Errorf("network_session: reference_ms is %g, expected above 0",
			p.NetworkSession.ReferenceMS)
	}
	for i, n := range p.Networks {
		if !(n.LatencyMS > 0) {
			return fmt.Errorf("networks[%d]: latency_ms is %g, expected above 0", i, n.LatencyMS)
		}
		if !(n.EnergyMJ >= 0 && n.EnergyMJ <= math.MaxFloat64) {
			return fmt.Errorf("networks[%d]: energy_mj is %g, expected above 0", i, n.EnergyMJ)
		}
	}
	return nil
}
