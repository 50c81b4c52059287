package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// frontPoints is how many networks of each front are timed.
const frontPoints = 24

// timedFront are networks of a front with their latency in the runtime that serves them, and the
// top-1 that is predicted.
type timedFront struct {
	name string
	top1 []float64
	ms   []float64
}

// strangers takes the best networks by each runtime's profile, and times them in turn in the
// runtime that serves: what is best in one may be far from it in another.
func (b *bench) strangers(ctx context.Context, w io.Writer, all []*measured) error {
	served, err := b.servedOf(all)
	if err != nil {
		return err
	}
	var fronts []timedFront
	var archs []supernet.Arch
	for _, m := range all {
		front, err := search.FindFront(ctx, search.Query{Space: b.space, Accuracy: b.accuracy,
			Latency: m.latency[0], Resolutions: b.resolutions()}, search.Latency,
			optimize.Defaults())
		if err != nil {
			return err
		}
		f := timedFront{name: m.name}
		for _, found := range front.Spread(frontPoints) {
			archs, f.top1 = append(archs, found.Arch), append(f.top1, found.Top1)
		}
		fronts = append(fronts, f)
	}
	times, err := b.time(ctx, served, "fronts", archs)
	if err != nil {
		return err
	}
	for i := range fronts {
		for range fronts[i].top1 {
			fronts[i].ms, times = append(fronts[i].ms, times[0].MS), times[1:]
		}
	}
	limits, err := b.limits(served)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nNetworks that are best by the profile of each runtime, timed in turn in one "+
		"session of %s: predicted top-1 at its measured latency.\n\n| ms |", served.name)
	for _, f := range fronts {
		fmt.Fprintf(w, " profile of %s |", f.name)
	}
	fmt.Fprintf(w, "\n|---|")
	for range fronts {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
	for _, l := range limits {
		fmt.Fprintf(w, "| %.4g |", l.LatencyMS)
		for _, f := range fronts {
			fmt.Fprintf(w, " %s |", percent2(f.at(l.LatencyMS)))
		}
		fmt.Fprintln(w)
	}
	return nil
}

// at is the top-1 that the front reaches at a latency, on the line between its best networks to
// both sides of it.
func (f timedFront) at(ms float64) float64 {
	below, above := -1, -1
	for i := range f.ms {
		if f.ms[i] <= ms && (below < 0 || f.top1[i] > f.top1[below]) {
			below = i
		}
	}
	for i := range f.ms {
		if f.ms[i] > ms && (above < 0 || f.ms[i] < f.ms[above]) &&
			(below < 0 || f.top1[i] > f.top1[below]) {
			above = i
		}
	}
	switch {
	case below < 0:
		return math.NaN()
	case above < 0:
		return f.top1[below]
	}
	share := (ms - f.ms[below]) / (f.ms[above] - f.ms[below])
	return f.top1[below] + share*(f.top1[above]-f.top1[below])
}

func percent2(share float64) string {
	if math.IsNaN(share) {
		return "none"
	}
	return fmt.Sprintf("%.2f %%", 100*share)
}
