package profiles

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// zeroLevels are the percentages of zeros that [MeasureVariants] measures, denser where little is
// left: from 95 to 98 % the work that a runtime cannot skip falls by more than half, as it does
// from 50 to 80 %.
var zeroLevels = []int{50, 70, 80, 90, 95, 98}

// midLevels is how many narrower widths it measures, evenly spread. Geometric steps interpolate
// narrow blocks better and wide ones worse, and wide ones are what the time of a network is made
// of.
const midLevels = 6

// Variants are the times of what pruning may make of the blocks of one network, on one device.
type Variants struct {
	Structure supernet.Structure
	// Blocks has each block as it was given, dense, and its variants ([supernet.Block.Remove]), no
	// two with one key.
	Blocks []BlockTiming
	// Networks are the whole network, then with the same level removed of all blocks, from little
	// to much, then with a random level removed of each.
	Networks []VariantNetwork
	Runtime  RuntimeInfo
	// Session and NetworkSession are those of blocks and of networks.
	Session, NetworkSession timing.Summary
}

// VariantNetwork is the time of a whole network some of whose blocks were pruned.
type VariantNetwork struct {
	Blocks []supernet.Block
	timing.Timing
}

// VariantSettings say how to measure variants. Zero means zero: begin with [VariantDefaults].
type VariantSettings struct {
	Budget   time.Duration // Auto is 20 s, or 200 ms a block and 500 ms a network if that is more
	Random   int           // networks with a random level removed of each block; 0 is none
	Seed     uint64        // of random networks, weights and the order
	Progress func(timing.Progress)
	Clock    timing.Clock // if set, replaces the real clock
}

// VariantDefaults measure 5 random networks.
func VariantDefaults() VariantSettings { return VariantSettings{Budget: Auto, Random: 5} }

// maxRandom bounds VariantSettings.Random.
const maxRandom = 10000

func (s VariantSettings) check() error {
	if s.Random < 0 || s.Random > maxRandom || s.Budget < 1 && s.Budget != Auto {
		return fmt.Errorf("%w: random networks is %d and budget %v, expected 0 to %d and a time above 0", ErrSettings, s.Random, s.Budget, maxRandom)
	}
	return nil
}

// MeasureVariants times what removal of a structure would make of the blocks of a network. Each
// block that it can be removed from is measured with 50, 70, 80, 90, 95 and 98 % zeros at random
// places or, of channels, at six widths between the least ([supernet.Block.Mids]) and its own, in
// whole vectors. Then whole networks tell what sums over blocks must be calibrated by, in a session
// of their own as [Networks] and [Subnets] have it, which verify what was pruned. That is some 100
// blocks and a dozen networks of a winner with 15 blocks, and takes the budget or less.
func MeasureVariants(ctx context.Context, rt Runtime, network []supernet.Block,
	structure supernet.Structure, s VariantSettings) (*Variants, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if rt == nil {
		return nil, errNoNetworks
	}
	v, err := newVariants(network, structure, s.Random, s.Seed)
	if err != nil {
		return nil, err
	}
	v.Runtime = rt.Info()
	budget := s.Budget
	if budget == Auto {
		budget = max(20*time.Second, time.Duration(len(v.Blocks))*200*time.Millisecond+
			time.Duration(len(v.Networks))*500*time.Millisecond)
	}
	if err = v.measureBlocks(ctx, rt, s.session(0, budget-budget/4, budget)); err == nil {
		err = v.measureNetworks(ctx, rt, s.session(budget-budget/4, budget/4, budget))
	}
	if err != nil {
		return nil, fmt.Errorf("measure what pruning of %s gains: %w", structure, err)
	}
	return v, nil
}

// session are the settings of one of the two sessions, whose progress is that of both.
func (s *VariantSettings) session(before, budget, total time.Duration) timing.Settings {
	settings := timingSettings(budget, s.Seed)
	settings.Clock = s.Clock
	if s.Progress != nil {
		settings.Progress = func(p timing.Progress) {
			p.Elapsed, p.Budget = p.Elapsed+before, total
			s.Progress(p)
		}
	}
	return settings
}

// measureBlocks times blocks against one of the dense ones in the middle.
func (v *Variants) measureBlocks(ctx context.Context, rt Runtime, s timing.Settings) error {
	l := newLoader(ctx, rt)
	defer l.close()
	dense := distinct(v.Networks[0].Blocks)
	slices.SortStableFunc(dense, leastBlock)
	l.block(dense[len(dense)/2])
	for _, b := range v.Blocks {
		l.block(b.Block)
	}
	timings, session, err := l.measure(s)
	if err != nil {
		return err
	}
	v.Session = session
	for i := range v.Blocks {
		v.Blocks[i].Timing = timings[i]
	}
	return nil
}

func (v *Variants) measureNetworks(ctx context.Context, rt Runtime, s timing.Settings) error {
	networks := make([][]supernet.Block, len(v.Networks))
	for i, n := range v.Networks {
		networks[i] = n.Blocks
	}
	timings, session, err := timeNetworks(ctx, rt, networks, Reference{}, s)
	if err != nil {
		return err
	}
	v.NetworkSession = session
	for i := range v.Networks {
		v.Networks[i].Timing = timings[i]
	}
	return nil
}

// newVariants lists what is to be measured.
func newVariants(network []supernet.Block, structure supernet.Structure, random int,
	seed uint64) (*Variants, error) {
	if err := cmp.Or(structure.Check(), supernet.CheckBlocks(network)); err != nil {
		return nil, fmt.Errorf("variants of a network: %w", err)
	}
	v := &Variants{Structure: structure, Networks: []VariantNetwork{{Blocks: network}}}
	variants := make([][]supernet.Block, len(network)) // of each block, from little removed to much
	all := slices.Clone(network)
	most := 0
	for i, b := range network {
		variants[i] = variantsOf(b, structure)
		most = max(most, len(variants[i]))
		if dense, err := b.Remove(structure, 0); err == nil {
			all = append(all, dense)
		}
		all = append(all, variants[i]...)
	}
	if most == 0 {
		return nil, fmt.Errorf("variants of a network: no block has %s that could be removed",
			structure)
	}
	for _, b := range distinct(all) {
		v.Blocks = append(v.Blocks, BlockTiming{Block: b})
	}
	for level := range most {
		v.Networks = append(v.Networks,
			VariantNetwork{Blocks: pick(network, variants, func(n int) int {
				return level * n /
					most
			})})
	}
	r := rand.New(rand.NewPCG(seed, 0x7a1))
	for range random {
		v.Networks = append(v.Networks, VariantNetwork{Blocks: pick(network, variants, r.IntN)})
	}
	return v, nil
}

// pick is a network with one variant of each block that has any.
func pick(network []supernet.Block, variants [][]supernet.Block,
	index func(n int) int) []supernet.Block {
	picked := slices.Clone(network)
	for i, v := range variants {
		if len(v) > 0 {
			picked[i] = v[index(len(v))]
		}
	}
	return picked
}

// variantsOf lists the variants of a block to measure, from little removed to much; none if the
// structure cannot be removed.
func variantsOf(b supernet.Block, structure supernet.Structure) (variants []supernet.Block) {
	if !b.Prunable(structure) {
		return nil
	}
	for _, amount := range amounts(b, structure) {
		if v, err := b.Remove(structure, amount); err == nil {
			variants = append(variants, v)
		}
	}
	return variants
}

// amounts are how much to remove, ascending.
func amounts(b supernet.Block, structure supernet.Structure) (all []int) {
	if structure != supernet.Channels {
		return zeroLevels
	}
	mids := b.Mids()
	// In whole vectors, or what is left of one that there is not: as many as the input has.
	whole := func(mid int) bool {
		return mid%supernet.ChannelVector == 0 ||
			mid+supernet.ChannelStep == b.In.C
	}
	if slices.ContainsFunc(mids, whole) {
		mids = slices.DeleteFunc(mids, func(mid int) bool { return !whole(mid) })
	}
	for i := midLevels - 1; i >= 0; i-- {
		all = append(all, b.MiddleChannels()-mids[i*len(mids)/midLevels])
	}
	return slices.Compact(all)
}

// distinct drops blocks whose work is that of one before.
func distinct(blocks []supernet.Block) (all []supernet.Block) {
	seen := map[string]bool{}
	for _, b := range blocks {
		if key := b.Key(); !seen[key] {
			seen[key] = true
			all = append(all, b)
		}
	}
	return all
}
