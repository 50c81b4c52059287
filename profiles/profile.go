package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const profileKind, profileVersion = "profile", 2

// Profile is how long the blocks of a space, and some whole networks, take on a device with a
// runtime: the document "profile/2". All times are of one image, or of the runtime's batch.
type Profile struct {
	provenance.Header
	SpaceName   string          `json:"space"`
	SpaceSHA256 string          `json:"space_sha256"`
	Resolutions []int           `json:"resolutions"` // those measured
	Device      device.Device   `json:"device"`
	Runtime     RuntimeInfo     `json:"runtime"`
	Session     timing.Summary  `json:"session"`
	Blocks      []BlockTiming   `json:"blocks"`
	Networks    []NetworkTiming `json:"networks"`
	Settings    ProfileSettings `json:"settings"`
}

// BlockTiming is the time of a block on its own.
type BlockTiming struct {
	Block supernet.Block `json:"block"`
	timing.Timing
}

// NetworkTiming is the time of a whole network, which block sums are calibrated on.
type NetworkTiming struct {
	Arch supernet.Spec `json:"arch"`
	timing.Timing
}

// Auto stands for a budget that follows from what is measured.
const Auto = timing.Auto

// ProfileSettings say what to measure. Zero means zero: begin with [ProfileDefaults].
type ProfileSettings struct {
	Resolutions []int `json:"resolutions,omitempty"` // none are all of the space
	// whole networks: largest, smallest, random ones; 2 or more
	Networks int `json:"networks" range:"2..10000"`
	// Auto is 20 s, or 100 ms a block and 500 ms a network if that is more
	Budget   time.Duration         `json:"budget_ns"`
	Seed     uint64                `json:"seed"`
	Progress func(timing.Progress) `json:"-"`
	// Sparse, if not empty, adds to the blocks those with 50, 80, 90 and 95 % zeros of this
	// structure (none for channels, whose narrower blocks a space has many of), for latency
	// predictors to tell what pruning gains. That makes four to five times as many blocks, and as
	// much time. It is not written: the blocks say it.
	Sparse supernet.Structure `json:"-"`
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

// New measures the blocks and networks of a space on this device. It runs for about the budget.
func New(ctx context.Context, space *supernet.Space, rt Runtime, s ProfileSettings) (*Profile,
	error) {
	if space == nil || rt == nil {
		return nil, fmt.Errorf("%w: a profile takes a space and a runtime", ErrSettings)
	}
	if err := s.complete(space); err != nil {
		return nil, err
	}
	here, err := device.Describe(ctx)
	if err != nil {
		return nil, fmt.Errorf("describe device: %w", err)
	}
	if err := here.CheckTiming(); err != nil {
		return nil, err
	}
	p := &Profile{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Resolutions: s.Resolutions,
		Device: here, Runtime: rt.Info(),
	}
	blocks := allBlocks(space, s.Resolutions)
	reference := blocks[len(blocks)/2]
	blocks = withZeros(blocks, s.Sparse)
	archs := calibrationArchs(space, s)
	if s.Budget == Auto {
		s.Budget = max(timing.Defaults().Budget, time.Duration(len(blocks))*100*time.Millisecond+
			time.Duration(len(archs))*500*time.Millisecond)
	}
	p.Settings = s
	l := newLoader(ctx, rt)
	defer l.close()
	l.block(reference)
	for _, b := range blocks {
		l.block(b)
	}
	for _, a := range archs {
		l.network(space.Blocks(a))
	}
	how := timingSettings(s.Budget, s.Seed)
	how.Progress, how.Clock = s.Progress, s.Clock
	timings, session, err := l.measure(how)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	p.Session = session
	for i, b := range blocks {
		p.Blocks = append(p.Blocks, BlockTiming{b, timings[i]})
	}
	for i, a := range archs {
		p.Networks = append(p.Networks, NetworkTiming{space.Spec(a), timings[len(blocks)+i]})
	}
	return p, nil
}

// allBlocks lists the distinct blocks at all resolutions, smallest work first.
func allBlocks(space *supernet.Space, resolutions []int) []supernet.Block {
	var blocks []supernet.Block
	for _, r := range resolutions {
		blocks = append(blocks, space.AllBlocks(r)...)
	}
	slices.SortFunc(blocks, leastBlock)
	return slices.CompactFunc(blocks, func(a, b supernet.Block) bool { return a.Key() == b.Key() })
}

// withZeros adds to blocks those with zeros of a structure, if that is not empty, and keeps the
// order.
func withZeros(blocks []supernet.Block, structure supernet.Structure) []supernet.Block {
	all := slices.Clone(blocks)
	for _, b := range blocks {
		for _, zeros := range sparseLevels {
			if v, err := b.Remove(structure, zeros); err == nil {
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, leastBlock)
	return all
}

func leastBlock(a, b supernet.Block) int {
	return cmp.Or(cmp.Compare(a.MACs(), b.MACs()), cmp.Compare(a.Key(), b.Key()))
}

// calibrationArchs are the largest, the smallest and random networks at the measured resolutions.
func calibrationArchs(space *supernet.Space, s ProfileSettings) []supernet.Arch {
	largest, smallest := space.Max(), space.Min()
	largest.Resolution, smallest.Resolution = uint16(slices.Max(s.Resolutions)),
		uint16(slices.Min(s.Resolutions))
	archs := []supernet.Arch{largest, smallest}
	r := rand.New(rand.NewPCG(s.Seed, 0x9e7))
	for range 100 * s.Networks {
		a := space.Random(r)
		a.Resolution = uint16(s.Resolutions[r.IntN(len(s.Resolutions))])
		if len(archs) < s.Networks && !slices.Contains(archs, a) {
			archs = append(archs, a)
		}
	}
	return archs
}

// Save writes the document.
func (p *Profile) Save(path string) error {
	return store.WriteDocument(path, profileKind, profileVersion, p)
}

// Load reads a profile. Whether it is of a space, and its networks are, whoever uses it must check.
func Load(path string) (*Profile, error) {
	var p Profile
	if err := store.ReadDocument(path, profileKind, profileVersion, &p); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w; profile again", path, err)
	}
	return &p, nil
}

// check refuses what no measurement gives.
func (p *Profile) check() error {
	for i, b := range p.Blocks {
		if err := supernet.CheckBlocks([]supernet.Block{b.Block}); err != nil {
			return fmt.Errorf("blocks[%d]: %w", i, err)
		}
		if !(b.LatencyMS > 0) {
			return fmt.Errorf("blocks[%d] (%s): latency_ms is %g, expected above 0",
				i, b.Block.Key(), b.LatencyMS)
		}
	}
	for i, n := range p.Networks {
		if !(n.LatencyMS > 0) {
			return fmt.Errorf("networks[%d]: latency_ms is %g, expected above 0", i, n.LatencyMS)
		}
	}
	return nil
}
