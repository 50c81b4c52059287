package refine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// pair is a network before and after a training, tested and timed beside each other.
type pair struct {
	nets          [2]*supernet.Subnet
	before, after manifest.PrunedFigures
	unstable      bool // the machine was too noisy to trust the latencies
	reference     *manifest.Reference
}

// referenceFor is what the parent's latency was timed against, where a runtime and its device are
// those that it was timed with: latencies are then on its scale. Nil elsewhere.
func referenceFor(ctx context.Context, parent *manifest.Manifest,
	rt profiles.Runtime) (*manifest.Reference, error) {
	if m := parent.Measured; m == nil || m.Reference == nil {
		return nil, nil
	}
	there, err := profiles.DeviceOf(ctx, rt)
	if err != nil {
		return nil, err
	}
	return parent.Measured.ReferenceOn(there.ID, rt.Info().ID()), nil
}

func (p *pair) figures() [2]*manifest.PrunedFigures {
	return [2]*manifest.PrunedFigures{&p.before, &p.after}
}

// test counts, and tests the networks on the test images; from the second on if the first has a
// classifier that knows nothing.
func (p *pair) test(ctx context.Context, d *trainer.Data, from, workers int) error {
	for i, f := range p.figures() {
		f.Count(p.nets[i])
		if i < from {
			continue
		}
		f.Images = d.Test.Len()
		var err error
		if f.Top1, err = reopen.Top1(ctx, p.nets[i], d, d.Test, workers); err != nil {
			return err
		}
	}
	return nil
}

// timeBudget is for timing a network before and after, where nobody says.
const timeBudget = 8 * time.Second

// time measures both networks, in turn with each other, on the scale of the parent's manifest.
func (p *pair) time(ctx context.Context, rt profiles.Runtime, parent *manifest.Manifest,
	budget time.Duration, seed uint64) (err error) {
	if p.reference, err = referenceFor(ctx, parent, rt); err != nil {
		return err
	}
	timings, session, err := profiles.Subnets(ctx, rt, p.nets[:],
		(*profiles.Reference)(p.reference), cmp.Or(budget, timeBudget), seed)
	if err != nil {
		return fmt.Errorf("time the network before and after: %w", err)
	}
	for i, f := range p.figures() {
		t := timings[i]
		f.LatencyMS, f.LatencyLowMS, f.LatencyHighMS = t.LatencyMS, t.CILowMS, t.CIHighMS
		p.unstable = p.unstable || t.Unstable || session.Unstable
	}
	return nil
}

// measured is what a manifest says of the network after.
func (p *pair) measured(ctx context.Context, rt profiles.Runtime) (*manifest.Measured, error) {
	there, err := profiles.DeviceOf(ctx, rt)
	if err != nil {
		return nil, err
	}
	f := p.after
	return &manifest.Measured{
		Top1: f.Top1, Images: f.Images, Split: "test", LatencyMS: f.LatencyMS,
		LatencyLowMS: f.LatencyLowMS, LatencyHighMS: f.LatencyHighMS, Unstable: p.unstable,
		Runtime: rt.Info().ID(), Device: there.ID, Reference: p.reference,
	}, nil
}

// warnOfExports says which formats are asked of a network that was written without them.
func warnOfExports(warn func(format string, args ...any), m *manifest.Manifest, path string,
	formats []string) {
	for _, f := range formats {
		is := func(e manifest.Export) bool { return e.Format == f }
		if warn != nil && !slices.ContainsFunc(m.Exports, is) {
			warn("%s was written without %s, and stays as it is: tailor export makes the file", path, f)
		}
	}
}
