package jobs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// ProfileKind is what jobs of lent devices are: profiles, and the times of some networks of a
// space, or of one that stands alone.
const ProfileKind = "profile"

// Bounds of what a device is asked for.
const (
	maxParams   = 1 << 28 // of a space's largest network, 1 GiB
	maxWeights  = 1 << 30 // of all networks of one job, 4 GiB
	maxTimed    = 500     // networks of one job
	maxMeasured = 168 * time.Hour
)

// profileProtocol says how a device is measured: all that times depend on besides the device and
// its runtime, which the class of a job names.
type profileProtocol struct {
	Version string `json:"version"`
	// Networks says that each job names a network that stands alone: there is no space, and there
	// are no settings of profiles.
	Networks bool                     `json:"networks,omitempty"`
	Space    *supernet.Space          `json:"space,omitempty"`
	Runtime  string                   `json:"runtime"` // its name
	Threads  int                      `json:"threads"`
	Batch    int                      `json:"batch"`
	Settings profiles.ProfileSettings `json:"settings"`
	Sparse   supernet.Structure       `json:"sparse,omitempty"` // of the settings
}

func parseProfileProtocol(text []byte) (*profileProtocol, error) {
	p := new(profileProtocol)
	if err := parse(text, p); err != nil {
		return nil, err
	}
	if err := checkHead(p.Version, p.Space, p.Networks); err != nil {
		return nil, err
	}
	if p.Networks {
		return p, nil
	}
	switch {
	case supernet.Params(p.Space.Blocks(p.Space.Max())) > maxParams:
		return nil, fmt.Errorf("%w: the largest network of its space has more than %d parameters",
			ErrProtocol, maxParams)
	case p.Settings.Networks > p.most():
		return nil, fmt.Errorf("%w: it has %d networks, which are all loaded at once: of this space %d are taken at most",
			ErrProtocol, p.Settings.Networks, p.most())
	case p.Settings.Budget > maxMeasured:
		return nil, fmt.Errorf("%w: it takes %v, expected %v at most", ErrProtocol,
			p.Settings.Budget, maxMeasured)
	}
	p.Settings.Sparse = p.Sparse
	return p, nil
}

// most is how many networks of the space may be timed in one job: a session has the weights of all
// in memory.
func (p *profileProtocol) most() int {
	largest := max(supernet.Params(p.Space.Blocks(p.Space.Max())), 1)
	return int(min(maxWeights/largest, maxTimed))
}

// deviceWork is what a job asks of a device: the profile, or the times of networks.
type deviceWork struct {
	Networks *networksWork `json:"networks,omitempty"`
}

// networksWork are networks to time: some of a space, or one that stands alone.
type networksWork struct {
	Archs   []supernet.Spec `json:"archs,omitempty"`
	Network string          `json:"network,omitempty"` // SHA-256
	// Reference is what archs are timed against, and ReferenceBlocks what a network that stands
	// alone is; if it has none, that is timed against itself. ReferenceMS is what the reference
	// took in the session on whose scale their latencies are to be; 0 for a new scale.
	Reference       supernet.Spec    `json:"reference,omitzero"`
	ReferenceBlocks []supernet.Block `json:"reference_blocks,omitempty"`
	ReferenceMS     float64          `json:"reference_ms,omitempty"`
	Budget          time.Duration    `json:"budget_ns"`
	Seed            uint64           `json:"seed"`
	// Confirms is the SHA-256 of what they are to confirm; empty for nothing.
	Confirms string `json:"confirms,omitempty"`
}

// against is the reference of a network that stands alone; nil if it has none.
func (w *networksWork) against() *manifest.Reference {
	if w.ReferenceBlocks == nil {
		return nil
	}
	return &manifest.Reference{Blocks: w.ReferenceBlocks, MS: w.ReferenceMS}
}

// count is how many there are.
func (w *networksWork) count() int {
	if w.Network != "" {
		return 1
	}
	return len(w.Archs)
}

// name is the i-th, in words.
func (w *networksWork) name(i int) string {
	if w.Network != "" {
		return fmt.Sprintf("network %.12s", w.Network)
	}
	return fmt.Sprintf("network %+v", w.Archs[i])
}

// scaleMS is what the reference takes on the scale of the latencies of a session.
func (w *networksWork) scaleMS(s timing.Summary) float64 {
	return cmp.Or(w.ReferenceMS, s.ReferenceMS)
}

func parseWork(text []byte) (w deviceWork, err error) {
	if err := parse(text, &w); err != nil {
		return w, err
	}
	n := w.Networks
	switch {
	case n == nil:
		return w, nil
	case n.count() < 1 || n.count() > maxTimed:
		return w, fmt.Errorf("%w: it times %d networks, expected 1 to %d", ErrProtocol,
			n.count(), maxTimed)
	case n.Network != "" && n.Archs != nil || n.Network == "" && n.ReferenceBlocks != nil:
		return w, fmt.Errorf("%w: it times a network that stands alone, and others", ErrProtocol)
	case n.Network != "" && n.ReferenceBlocks == nil && n.ReferenceMS != 0:
		return w, fmt.Errorf("%w: it has the time of a reference network, and none", ErrProtocol)
	case n.Budget < 1 || n.Budget > maxMeasured:
		return w, fmt.Errorf("%w: it takes %v, expected above 0 and %v at most", ErrProtocol,
			n.Budget, maxMeasured)
	case !(n.ReferenceMS >= 0):
		return w, fmt.Errorf("%w: its reference takes %g ms", ErrProtocol, n.ReferenceMS)
	}
	if err := n.against().Check(); err != nil {
		return w, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return w, nil
}

// profileValue is the result of a profile: its file, which the queue has.
type profileValue struct {
	File string `json:"file"` // SHA-256
}

// networksValue is the result of timing networks.
type networksValue struct {
	Device   string          `json:"device"` // its ID
	Runtime  string          `json:"runtime"`
	Session  timing.Summary  `json:"session"`
	Networks []timing.Timing `json:"networks"`
}

// parseNetworks reads the times of so many networks.
func parseNetworks(text json.RawMessage, count int) (v networksValue, err error) {
	if err := parse(text, &v); err != nil {
		return v, err
	}
	if len(v.Networks) != count || !(v.Session.ReferenceMS > 0) {
		return v, fmt.Errorf("%w: it has the times of %d networks against one of %g ms, expected %d",
			ErrProtocol, len(v.Networks), v.Session.ReferenceMS, count)
	}
	for _, t := range v.Networks {
		if !(t.CILowMS > 0 && t.CILowMS <= t.LatencyMS && t.LatencyMS <= t.CIHighMS) {
			return v, fmt.Errorf("%w: a network takes %g ms, between %g and %g", ErrProtocol,
				t.LatencyMS, t.CILowMS, t.CIHighMS)
		}
	}
	return v, nil
}
