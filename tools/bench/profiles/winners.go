package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// served is what was measured of the runtime that winners are for.
func (b *bench) servedOf(all []*measured) (*measured, error) {
	i := slices.IndexFunc(all, func(m *measured) bool { return m.name == b.served })
	if i < 0 {
		return nil, fmt.Errorf("-served is %q, which is none of -runtimes", b.served)
	}
	return all[i], nil
}

// limits are budgets from near the fastest network to near the largest, evenly apart in logarithm.
func (b *bench) limits(m *measured) ([]search.Limits, error) {
	_, low, err := m.latency[0].Min()
	if err != nil {
		return nil, err
	}
	largest := b.space.Max()
	largest.Resolution = uint16(slices.Max(b.resolutions()))
	ms, err := m.latency[0].Predict([]supernet.Arch{largest})
	if err != nil {
		return nil, err
	}
	all := make([]search.Limits, b.budgets)
	for i := range all {
		share := (float64(i) + 1) / float64(b.budgets+1)
		all[i].LatencyMS = low * math.Pow(ms[0]/low, share)
	}
	return all, nil
}

// winners searches for budgets as tailor search does, with the runtime at hand, and times what is
// found in a session of its own, after the search.
func (b *bench) winners(ctx context.Context, w io.Writer, all []*measured) error {
	m, err := b.servedOf(all)
	if err != nil {
		return err
	}
	limits, err := b.limits(m)
	if err != nil {
		return err
	}
	var r *winners.Result
	err = with(ctx, m.name, func(rt profiles.Runtime) (err error) {
		r, err = winners.Search(ctx, winners.Job{Space: b.space, Accuracy: b.accuracy,
			Devices: []winners.Device{{Latency: m.latency[0], Runtime: rt}}, Limits: limits,
			Config: optimize.Defaults(), BoundSteps: -1, Dir: b.path("winners")})
		return err
	})
	if err != nil {
		return err
	}
	var archs []supernet.Arch
	for _, x := range r.Winners {
		a, err := b.space.Arch(x.Arch)
		if err != nil {
			return err
		}
		archs = append(archs, a)
	}
	times, err := b.time(ctx, m, "winners", archs)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nWinners for %d budgets in %s, searched with the runtime at hand, and timed "+
		"again in another session:\n\n| budget, ms | top-1, predicted | predicted, ms | when "+
		"searched | again | |\n|---|---|---|---|---|---|\n", len(limits), m.name)
	met := 0
	for i, x := range r.Winners {
		verdict := "over"
		if times[i].MS <= x.Limits.LatencyMS {
			met, verdict = met+1, "met"
		}
		fmt.Fprintf(w, "| %.4g | %s | %.4g | %.4g | %.4g | %s |\n", x.Limits.LatencyMS,
			percent(x.Predicted.Top1), x.Predicted.LatencyMS, x.Measured.LatencyMS, times[i].MS,
			verdict)
	}
	fmt.Fprintf(w, "\n%d of %d meet their budget.\n", met, len(limits))
	return nil
}
