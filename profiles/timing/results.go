package timing

import (
	"cmp"
	"fmt"
)

// sentinelLimit is how far late ratios may lie from settled ones. Repetitions of forty rounds of a
// real runtime on a busy machine scatter by 4 %, so less would cry wolf.
const sentinelLimit = 0.10

func (m *measurement) results() ([]Timing, Summary) {
	quiet := m.believed()
	refs := sortedCopy(m.refs)
	s := Summary{
		ReferenceName:    m.ref.Name,
		ReferenceMS:      fastestOf(m.calm.references(refs), fastShares[0]).mean,
		ReferenceGivenMS: m.ReferenceMS, ReferenceMedianMS: quantile(refs, 0.5),
		ReferenceSamples: len(refs), SentinelRatio: 1,
		Rounds: m.rounds, Target: m.Target, Seed: m.Seed, Pinned: m.Pin,
		Started: m.started, Seconds: m.finished.Sub(m.started).Seconds(),
	}
	scale := cmp.Or(m.ReferenceMS, s.ReferenceMS)
	timings := make([]Timing, len(m.subjects))
	var moved []float64
	for i, l := range m.subjects {
		timings[i] = l.timing(m.Settings, m.calm, scale)
		if r, ok := l.moved(m.calm, m.MinRounds); ok {
			moved = append(moved, r)
		}
		quiet = quiet && l.calm(m.calm)
	}
	if s.Sentinels = len(moved); s.Sentinels > 0 {
		s.SentinelRatio = median(moved)
	}
	s.judge(m.refs, quiet)
	return timings, s
}

// believed takes back what is undisturbed where most subjects were too seldom timed so, and says
// whether it did not have to: a moment of turbo is no measure of those that were timed without it.
func (m *measurement) believed() bool {
	var known int
	for _, l := range m.subjects {
		if l.calm(m.calm) {
			known++
		}
	}
	if 2*known >= len(m.subjects) {
		return true
	}
	m.calm = anything
	return false
}

// judge decides whether the machine stayed the same; refs are in time order. One that became faster
// may have, if there was enough time left for all subjects, which quiet says.
func (s *Summary) judge(refs []float64, quiet bool) {
	var steady bool
	s.DriftRatio, steady = drift(refs)
	switch {
	case !steady && s.DriftRatio < 1 && !quiet:
		s.UnstableReason = fmt.Sprintf(
			"the reference went from 1 to %.2f times its time (another job ended), too late to time all subjects undisturbed", s.DriftRatio)
	case !steady && s.DriftRatio > 1:
		s.UnstableReason = fmt.Sprintf(
			"the reference went from 1 to %.2f times its time and did not come back (throttling, or another job)", s.DriftRatio)
	case outside(s.SentinelRatio, sentinelLimit):
		s.UnstableReason = fmt.Sprintf(
			"subjects timed again at the end took %.2f times as long against the reference",
			s.SentinelRatio)
	}
	s.Unstable = s.UnstableReason != ""
}

// outside says whether ratio or its inverse exceeds 1 by more than limit.
func outside(ratio, limit float64) bool { return max(ratio, 1/ratio) > 1+limit }

// sorted are the subject's own samples, fastest first.
func (l *timed) sorted() []float64 {
	raw := make([]float64, len(l.rounds))
	for i, r := range l.rounds {
		raw[i] = r.raw
	}
	return sortedCopy(raw)
}

// moved is how many times what it was its ratio is since it settled, if enough rounds tell.
func (l *timed) moved(c calm, enough int) (times float64, ok bool) {
	late := c.of(l.late)
	if len(late) < enough {
		return 1, false
	}
	return ratioOf(late).estimate / l.ratio(c).estimate, true
}

func (l *timed) timing(s Settings, c calm, scale float64) Timing {
	raw, e := l.sorted(), l.ratio(c)
	t := Timing{
		Name: l.Name, LatencyMS: e.estimate * scale, Ratio: e.estimate,
		CILowMS: e.low * scale, CIHighMS: e.high * scale,
		RawMedianMS: quantile(raw, 0.5), RawMinMS: raw[0],
		RawP10MS: quantile(raw, 0.1), RawP90MS: quantile(raw, 0.9),
		Rounds: len(raw), Repeats: l.repeats,
	}
	moved, _ := l.moved(c, s.MinRounds)
	switch {
	case t.Rounds < s.MinRounds:
		t.UnstableReason = fmt.Sprintf("%d rounds within the budget, want %d", t.Rounds,
			s.MinRounds)
	case !l.calm(c):
		t.UnstableReason = fmt.Sprintf("%d of %d rounds were undisturbed, want %d",
			len(c.of(l.rounds)), t.Rounds, minFast)
	case e.width() > s.Target:
		t.UnstableReason = fmt.Sprintf(
			"the 95 %% interval is %.1f %% wide after %d rounds, want %.1f %%", 100*e.width(),
			t.Rounds, 100*s.Target)
	case outside(moved, sentinelLimit):
		t.UnstableReason = fmt.Sprintf(
			"timed again at the end it took %.2f times as long against the reference",
			moved)
	}
	t.Unstable = t.UnstableReason != ""
	return t
}
