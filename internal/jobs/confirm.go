package jobs

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// How far two measurements of the same may lie apart, beyond what they say of their own error.
const (
	// ratioSlack is between the 95 % intervals of a network's time in that of the reference: what a
	// session allows its own repetitions, and unsteadySlack where a session says that the machine
	// changed.
	ratioSlack    = 1.10
	unsteadySlack = 1.25
	// referenceSlack is between the times of the reference, besides how much slower its median was
	// than its fastest quarter: that is what other work on the machine did to it.
	referenceSlack = 1.25
)

// DisagreeError says that a part of what a worker measured was measured again and is not the same.
type DisagreeError struct {
	What    string    // was measured twice
	Workers [2]string // the one whose part it is, and the one that measured again
	Times   [2]string // as they are said
}

// Unwrap is [queue.ErrDiffer].
func (e *DisagreeError) Unwrap() error { return queue.ErrDiffer }

func (e *DisagreeError) Error() string {
	second := "worker " + e.Workers[1]
	if e.Workers[0] == e.Workers[1] {
		second = "the same worker again"
	}
	return fmt.Sprintf("%v by more than their noise: %s took %s by worker %s, and %s by %s; what they "+
		"measured is thrown away: look at what else their devices do, and whether they "+
		"are of one kind, and run the same command again", queue.ErrDiffer, e.What, e.Times[0],
		e.Workers[0], e.Times[1], second)
}

// measuredOnce is what is to be confirmed: a session, and the times of networks in it, where the
// reference takes scaleMS.
type measuredOnce struct {
	session timing.Summary
	scaleMS float64
	worker  string
	times   []timing.Timing // in the order of those that are measured again
}

// networksOf are some of a profile.
func networksOf(p *profiles.Profile, worker string, archs []supernet.Spec) measuredOnce {
	m := measuredOnce{p.NetworkSession, p.NetworkSession.ReferenceMS, worker, nil}
	for _, arch := range archs {
		var t timing.Timing
		for _, n := range p.Networks {
			if fmt.Sprint(n.Arch) == fmt.Sprint(arch) {
				t = n.Timing
			}
		}
		m.times = append(m.times, t)
	}
	return m
}

// confirm compares what was measured with what was measured again.
func confirm(m measuredOnce, w *networksWork, second queue.Result) error {
	v, err := parseNetworks(second.Value, w.count())
	if err != nil {
		return err
	}
	workers := [2]string{m.worker, second.Worker}
	a, b := m.session, v.Session
	allowed := referenceSlack * max(unevenness(a), unevenness(b))
	if apart := b.ReferenceMS / a.ReferenceMS; !(max(apart, 1/apart) <= allowed) {
		return &DisagreeError{"the network that others are timed against", workers,
			[2]string{fmt.Sprintf("%.4g ms", a.ReferenceMS), fmt.Sprintf("%.4g ms", b.ReferenceMS)}}
	}
	slack := ratioSlack
	if a.Unstable || b.Unstable {
		slack = unsteadySlack
	}
	for i, t := range v.Networks {
		x, y := relative(m.times[i], m.scaleMS), relative(t, w.scaleMS(b))
		if !(max(x.low, y.low) <= slack*min(x.high, y.high)) {
			return &DisagreeError{w.name(i), workers,
				[2]string{x.String(), y.String()}}
		}
	}
	return nil
}

// unevenness is by how much a reference was slower in the median than undisturbed.
func unevenness(s timing.Summary) float64 { return max(s.ReferenceMedianMS/s.ReferenceMS, 1) }

// share is the time of a network in that of the reference, with its 95 % interval.
type share struct{ ratio, low, high float64 }

func relative(t timing.Timing, scaleMS float64) share {
	return share{t.LatencyMS / scaleMS, t.CILowMS / scaleMS, t.CIHighMS / scaleMS}
}

func (s share) String() string {
	return fmt.Sprintf("%.3g times the reference (%.3g to %.3g)", s.ratio, s.low, s.high)
}
