package profiles

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// ErrAsked is wrapped by errors about a profile that is not the one that was asked for.
var ErrAsked = errors.New("not the profile that was asked for")

// CheckAsked refuses a profile that is not one that [New] makes of a space with settings: of other
// blocks or networks, or with other settings. Whoever has a profile made elsewhere calls it.
func (p *Profile) CheckAsked(space *supernet.Space, s ProfileSettings) error {
	if err := s.complete(space); err != nil {
		return err
	}
	parts, archs, reference := plan(space, &s)
	have := p.Settings
	switch {
	case p.SpaceName != space.Name || p.SpaceSHA256 != space.SHA256():
		return fmt.Errorf("%w: it is of another space, %s", ErrAsked, p.SpaceName)
	case have.Seed != s.Seed || have.Budget != s.Budget || have.Networks != s.Networks ||
		!slices.Equal(have.Resolutions, s.Resolutions) ||
		!slices.Equal(p.Resolutions, s.Resolutions):
		return fmt.Errorf("%w: it was made with other settings", ErrAsked)
	}
	if a, err := space.Arch(p.ReferenceArch); err != nil || a != reference {
		return fmt.Errorf("%w: its networks were timed against another one", ErrAsked)
	}
	if !(p.Session.ReferenceMS > 0) || !(p.NetworkSession.ReferenceMS > 0) {
		return fmt.Errorf("%w: a reference of it takes no time", ErrAsked)
	}
	return p.checkSubjects(space, parts, archs)
}

// checkSubjects compares what was timed with what was to be.
func (p *Profile) checkSubjects(space *supernet.Space, parts []part,
	archs []supernet.Arch) error {
	var blocks []supernet.Block
	for i := range parts {
		blocks = append(blocks, parts[i].blocks...)
	}
	slices.SortFunc(blocks, leastBlock)
	if len(p.Blocks) != len(blocks) || len(p.Networks) != len(archs) {
		return fmt.Errorf("%w: it has %d blocks and %d networks, expected %d and %d", ErrAsked,
			len(p.Blocks), len(p.Networks), len(blocks), len(archs))
	}
	for i, b := range p.Blocks {
		if b.Block != blocks[i] {
			return fmt.Errorf("%w: its block %d is %s, expected %s", ErrAsked, i, b.Block.Key(),
				blocks[i].Key())
		}
	}
	for i, n := range p.Networks {
		if a, err := space.Arch(n.Arch); err != nil || a != archs[i] {
			return fmt.Errorf("%w: its network %d is another one", ErrAsked, i)
		}
	}
	return nil
}
