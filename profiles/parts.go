package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// part is what a profile measures of a resolution: its blocks that those before it have not, in one
// session, and networks of it in another.
type part struct {
	space      *supernet.Space
	resolution int
	reference  supernet.Block   // of the blocks of all parts
	network    []supernet.Block // reference of the networks of all parts
	blocks     []supernet.Block
	archs      []supernet.Arch
}

// Times of a part's subjects in the automatic budget, which a quiet machine does not use up.
const (
	blockBudget   = 300 * time.Millisecond
	networkBudget = 3000 * time.Millisecond
)

// blockWork and networkWork are how long the part's two sessions should take, by themselves.
func (p *part) blockWork() time.Duration   { return time.Duration(len(p.blocks)) * blockBudget }
func (p *part) networkWork() time.Duration { return time.Duration(len(p.archs)) * networkBudget }

// divide says what is measured of each resolution.
func divide(space *supernet.Space, s ProfileSettings, archs []supernet.Arch,
	reference supernet.Arch) (parts []part) {
	blocks := allBlocks(space, s.Resolutions)
	block, network := blocks[len(blocks)/2], space.Blocks(reference)
	taken := map[string]bool{}
	for _, r := range s.Resolutions {
		p := part{space: space, resolution: r, reference: block, network: network}
		for _, b := range withZeros(allBlocks(space, []int{r}), s.Sparse) {
			if !taken[b.Key()] {
				taken[b.Key()] = true
				p.blocks = append(p.blocks, b)
			}
		}
		for _, a := range archs {
			if int(a.Resolution) == r {
				p.archs = append(p.archs, a)
			}
		}
		parts = append(parts, p)
	}
	return parts
}

// workOf is how long parts should take together.
func workOf(parts []part) (total time.Duration) {
	for i := range parts {
		total += parts[i].blockWork() + parts[i].networkWork()
	}
	return total
}

// measureParts measures one part after the other.
func measureParts(ctx context.Context, rt Runtime, parts []part, head Profile) (all []*Profile,
	err error) {
	s := head.Settings
	if err := makeParts(s.Parts, parts); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && s.Parts != "" {
			_ = os.Remove(s.Parts) // unless something is kept in it
		}
	}()
	w := newWhole(parts, s)
	for i := range parts {
		p, err := parts[i].profile(ctx, rt, head, w)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// profile measures the part, unless it was kept.
func (p *part) profile(ctx context.Context, rt Runtime, head Profile, w *whole) (*Profile,
	error) {
	s := head.Settings
	head.Resolutions = []int{p.resolution}
	path := partPath(s.Parts, p.resolution)
	if kept := p.kept(path, head); kept != nil {
		w.session(len(p.blocks), p.blockWork())
		w.session(len(p.archs), p.networkWork())
		return kept, nil
	}
	if s.Before != nil {
		if err := s.Before(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.measure(ctx, rt, &head, w); err != nil || s.Parts == "" {
		return &head, err
	}
	return &head, head.Save(path)
}

// makeParts makes the folder of the parts and looks whether they can be written, before what they
// keep takes its time.
func makeParts(folder string, parts []part) error {
	if folder == "" {
		return nil
	}
	err := store.Output{Path: folder, Kind: store.FolderOutput}.Check()
	if err == nil {
		err = os.MkdirAll(folder, 0o777)
	}
	for i := range parts {
		if err == nil {
			err = store.Output{Path: partPath(folder, parts[i].resolution), Kind: profileKind,
				Force: true}.Check()
		}
	}
	if err != nil {
		return fmt.Errorf("profile: what is measured of each resolution is kept in %s: move away "+
			"what is there, or give the profile another name: %w", folder, err)
	}
	return nil
}

func partPath(folder string, resolution int) string {
	return filepath.Join(folder, fmt.Sprintf("%d.json", resolution))
}

// DropParts removes the files that [ProfileSettings.Parts] made [New] keep, and their folder unless
// it holds something else.
func (p *Profile) DropParts(folder string) error {
	if folder == "" {
		return nil
	}
	for _, r := range p.Resolutions {
		if err := os.Remove(partPath(folder, r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("drop parts of a profile: %w", err)
		}
	}
	_ = os.Remove(folder) // it may not be there, or hold files of others
	return nil
}

// kept is the part as an interrupted profile of the same space, device, runtime and settings left
// it; nil if there is none.
func (p *part) kept(path string, head Profile) *Profile {
	if head.Settings.Parts == "" {
		return nil
	}
	k, err := Load(path)
	if err != nil || k.SpaceSHA256 != head.SpaceSHA256 || k.Identity() != head.Identity() ||
		k.Settings.Seed != head.Settings.Seed || k.Settings.Budget != head.Settings.Budget ||
		!slices.Equal(k.Settings.Resolutions, head.Settings.Resolutions) ||
		len(k.Blocks) != len(p.blocks) || len(k.Networks) != len(p.archs) {
		return nil
	}
	for i, b := range p.blocks {
		if k.Blocks[i].Block != b {
			return nil
		}
	}
	for i, n := range k.Networks {
		if a, err := p.space.Arch(n.Arch); err != nil || a != p.archs[i] {
			return nil
		}
	}
	return k
}

// measure fills in a profile of the part.
func (p *part) measure(ctx context.Context, rt Runtime, into *Profile, w *whole) error {
	into.Blocks, into.Networks = []BlockTiming{}, []NetworkTiming{}
	if err := p.measureBlocks(ctx, rt, into, w); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if err := p.measureNetworks(ctx, rt, into, w); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return nil
}

func (p *part) measureBlocks(ctx context.Context, rt Runtime, into *Profile, w *whole) error {
	how := w.session(len(p.blocks), p.blockWork())
	if len(p.blocks) == 0 { // those before it have them all
		return nil
	}
	l := newLoader(ctx, rt)
	defer l.close()
	l.block(p.reference)
	for _, b := range p.blocks {
		l.block(b)
	}
	timings, session, err := l.measure(how)
	into.Session = session
	for i, t := range timings {
		into.Blocks = append(into.Blocks, BlockTiming{p.blocks[i], t})
	}
	return err
}

func (p *part) measureNetworks(ctx context.Context, rt Runtime, into *Profile, w *whole) error {
	how := w.session(len(p.archs), p.networkWork())
	if len(p.archs) == 0 {
		return nil
	}
	var networks [][]supernet.Block
	for _, a := range p.archs {
		networks = append(networks, p.space.Blocks(a))
	}
	l := newLoader(ctx, rt)
	defer l.close()
	l.networks(networks, Reference{Blocks: p.network})
	timings, session, err := l.measure(how)
	into.NetworkSession = session
	for i, t := range timings {
		into.Networks = append(into.Networks, NetworkTiming{p.space.Spec(p.archs[i]), 0, t})
	}
	if err != nil || how.Clock != nil && !isElsewhere(rt) { // whose energy no counter here tells
		return err
	}
	return l.energies(into, how.Budget/time.Duration(len(p.archs)))
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
	largest := space.Max()
	largest.Resolution = uint16(slices.Max(s.Resolutions))
	smallest := space.Min()
	smallest.Resolution = uint16(slices.Min(s.Resolutions))
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

// referenceArch is what all networks are timed against, the same for every seed: one of middling
// work, since what shares the caches slows the smallest and the largest by more and by less.
func referenceArch(space *supernet.Space, resolutions []int) supernet.Arch {
	some := calibrationArchs(space, ProfileSettings{Resolutions: resolutions, Networks: 21})
	slices.SortStableFunc(some, func(a, b supernet.Arch) int {
		return leastWork(space.Blocks(a), space.Blocks(b))
	})
	return some[len(some)/2]
}
