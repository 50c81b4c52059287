package design

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// Design is what to time on a new device.
type Design struct {
	// Archs are distinct, those that tell most first, of which there are fewer than asked for only
	// if the space has no more. The first two are the slowest and the fastest of the candidates.
	Archs []supernet.Arch
	// LeftOut are the resolutions of the space, in pixels, that some source does not know. No arch
	// is of these: a source that does not know the networks cannot be transferred.
	LeftOut []int
}

// MaxNetworks is how many networks are chosen at most: of more, most tell what others told.
const MaxNetworks = 300

var (
	// ErrNoSource is returned where there is no predictor to begin with.
	ErrNoSource = errors.New("there is no latency predictor to choose networks for")
	// ErrNoResolution is returned where no network is known to all sources.
	ErrNoResolution = errors.New("no resolution is known to all latency predictors")
	// ErrConstant is returned where the sources tell no networks apart.
	ErrConstant = errors.New("by every latency predictor all networks take the same")

	errNoSpace = errors.New("there is no space: load one with supernet.LoadSpace")
)

// Draw chooses up to n networks of a space to time on a new device, [MaxNetworks] at most, so that
// a transfer from the sources to these ([predictor.TransferLatency]) says most about all others.
// The sources must be of the space; those by which all networks take the same are left out. A
// smaller n gives the beginning of what a larger one gives.
func Draw(space *supernet.Space, sources []*predictor.Latency, n int, seed uint64) (*Design,
	error) {
	if space == nil {
		return nil, errNoSpace
	}
	if len(sources) == 0 || slices.Contains(sources, nil) {
		return nil, ErrNoSource
	}
	if n > MaxNetworks {
		return nil, fmt.Errorf("%d networks to choose, expected %d at most", n, MaxNetworks)
	}
	sha := space.SHA256()
	for _, s := range sources {
		if s.SpaceSHA256 != sha {
			return nil, fmt.Errorf("a predictor of the space %s, expected one of %s", s.SpaceName,
				space.Name)
		}
	}
	d := &Design{}
	var known []int
	for _, r := range space.Resolutions {
		if knownTo(space, sources, r) {
			known = append(known, r)
		} else {
			d.LeftOut = append(d.LeftOut, r)
		}
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("%w of %s: name fewer of them, or fit them to networks of one "+
			"resolution at least", ErrNoResolution, space.Name)
	}
	drawn := candidates(space, known, seed)
	if sources = telling(sources, drawn); len(sources) == 0 {
		return nil, fmt.Errorf("%w: draw without predictors, or with others", ErrConstant)
	}
	var all []network
	for _, a := range drawn {
		if c, ok := predicted(space, sources, a); ok {
			all = append(all, c)
		}
	}
	for _, i := range chosen(all, min(n, len(all))) {
		d.Archs = append(d.Archs, all[i].arch)
	}
	return d, nil
}

// telling are the sources by which not all of several networks take the same: a transfer leaves the
// others out, too.
func telling(sources []*predictor.Latency, archs []supernet.Arch) []*predictor.Latency {
	return slices.DeleteFunc(slices.Clone(sources), func(s *predictor.Latency) bool {
		ms, err := s.Predict(archs)
		return err == nil && len(ms) > 1 && slices.Max(ms) <= slices.Min(ms)*(1+1e-9)
	})
}

// knownTo says whether all sources predict the largest and the smallest network of a resolution.
func knownTo(space *supernet.Space, sources []*predictor.Latency, resolution int) bool {
	archs := []supernet.Arch{space.Min(), space.Max()}
	for i := range archs {
		archs[i].Resolution = uint16(resolution)
	}
	return !slices.ContainsFunc(sources, func(s *predictor.Latency) bool {
		_, err := s.Predict(archs)
		return err != nil
	})
}
