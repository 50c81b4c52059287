package winners

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// slow is a device that others have, which takes a tenth longer than predicted.
type slow struct {
	space *supernet.Space
	asked int
	err   error
}

func (s *slow) Time(_ context.Context, archs []supernet.Arch, _ time.Duration, _ uint64) (
	all []timing.Timing, sum timing.Summary, worker string, err error) {
	s.asked++
	for _, a := range archs {
		ms := 1.1 * micro.NetworkMS(s.space, a)
		all = append(all, timing.Timing{LatencyMS: ms, CILowMS: ms, CIHighMS: ms})
	}
	return all, sum, "w", s.err
}

// TestTimedElsewhere: winners of a device that others have are timed there, and keep to their
// limits as they were timed.
func TestTimedElsewhere(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	latency, d := micro.Latency(t, space), &slow{space: space}
	least := micro.NetworkMS(space, space.Min())
	latency.Reference = &predictor.LatencyReference{Arch: space.Spec(space.Min()), MS: least}
	limit := micro.NetworkMS(space, space.Max())
	job := Job{Config: optimize.Defaults(), Space: space, Accuracy: micro.Accuracy(t, space,
		strings.Repeat("5", 64)), Dir: t.TempDir(),
		Devices: []Device{{Latency: latency, Elsewhere: d}},
		Limits:  []search.Limits{{LatencyMS: limit}}}
	result, err := Search(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	w := result.Winners[0]
	a, err := space.Arch(w.Arch)
	if err != nil {
		t.Fatal(err)
	}
	m, took := w.Measured, 1.1*micro.NetworkMS(space, a)
	if m == nil || math.Abs(m.LatencyMS-took) > 1e-9 || m.Device != latency.Device ||
		m.Runtime != latency.Runtime || m.LatencyWorker != "w" || m.WithinLimits == nil ||
		!*m.WithinLimits || took > limit {
		t.Errorf("measured %+v of a network that takes %g ms, at most %g are wanted", m, took,
			limit)
	}
	if d.asked == 0 {
		t.Error("nothing was timed")
	}
	written, err := manifest.Read(w.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if r := written.Measured.Reference; r == nil || r.MS != least ||
		!slices.Equal(r.Blocks, space.Blocks(space.Min())) {
		t.Errorf("timed against %+v, want the network that the predictor names", r)
	}
	d.err = errors.New("it is gone")
	if _, err := Search(t.Context(), job); !errors.Is(err, d.err) {
		t.Errorf("%v, want the error of the device", err)
	}
}
