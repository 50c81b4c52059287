package timing

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"
)

// Streams of random numbers drawn from Settings.Seed.
const (
	streamOrder uint64 = iota
	streamSentinels
)

// settleUpTo is how many times the least sample a run may take to be run once, untimed, before each
// sample: after others, whose data are in the caches then, a block may take half as long again, and
// a network of 9 MB of weights a fifth.
const settleUpTo = 500

// maxRepeats bounds the runs in a sample.
const maxRepeats = 1 << 20

// timed is a subject with its samples so far.
type timed struct {
	Subject
	each    time.Duration // fastest run seen in warm-up
	repeats int           // runs in a sample
	// runs in the reference's samples before and after each of its own
	refRepeats int
	// settle runs the subject once before each sample: otherwise the first of
	// few repeats pays for caches that the previous subject has filled, and
	// the figure would depend on the number of repeats.
	settle bool

	rounds []round
	late   []round // timed again at the end
	// number of rounds at which its interval is computed again
	reviewAt int
	narrow   bool // the interval was narrow enough when last computed
	settled  int  // session round after which it was left alone; 0: still open
}

// ratio is the estimate from its rounds.
func (l *timed) ratio(c calm) ratio {
	rounds, _ := c.rounds(l.rounds)
	return ratioOf(rounds)
}

// calm says whether enough of its rounds were undisturbed.
func (l *timed) calm(c calm) bool {
	_, enough := c.rounds(l.rounds)
	return enough
}

// known says whether enough were, and the interval is narrow.
func (l *timed) known(c calm, target float64) bool {
	return l.calm(c) && l.ratio(c).width() <= target
}

// measurement is one session in progress.
type measurement struct {
	Settings
	ctx      context.Context
	quiet    *Quieted
	ref      *timed
	subjects []*timed
	refs     []float64 // all reference samples in time order, ms a run
	calm     calm      // as they say
	judgeAt  int       // number of them at which calm is computed again
	started  time.Time
	began    time.Time // start of the first round
	warmed   int
	rounds   int
	open     int // subjects not settled
	collect  collector
	finished time.Time
}

func newMeasurement(ctx context.Context, ref Subject, subjects []Subject, s Settings) *measurement {
	m := &measurement{Settings: s, ctx: ctx, ref: &timed{Subject: ref}, open: len(subjects),
		calm: anything}
	for _, subject := range subjects {
		m.subjects = append(m.subjects, &timed{Subject: subject, reviewAt: s.MinRounds})
	}
	return m
}

func (m *measurement) run() error {
	m.started = m.Clock.Now()
	m.collect.start()
	if err := m.warmUp(); err != nil {
		return err
	}
	m.quiet.makeRoom() // beside what was built lazily
	m.began = m.Clock.Now()
	// The rest of the budget is for the sentinels.
	deadline := m.started.Add(m.Budget - m.Budget/20)
	for m.open > 0 && m.rounds < m.MaxRounds && (m.rounds == 0 || m.Clock.Now().Before(deadline)) {
		if err := m.round(deadline); err != nil {
			return err
		}
		m.collect.between()
		m.report()
	}
	if err := m.sentinels(); err != nil {
		return err
	}
	if err := m.comeBack(); err != nil {
		return err
	}
	m.finished = m.Clock.Now()
	return nil
}

// warmUp brings caches, clock speed and lazily built state to where they stay,
// and learns how often each subject fits into a sample.
func (m *measurement) warmUp() error {
	// Also what gets the processor out of its idle clock, so never skimped.
	if err := m.warm(m.ref, min(m.WarmUp, m.Budget/10), m.Budget/10); err != nil {
		return err
	}
	k := time.Duration(len(m.subjects))
	for _, l := range m.subjects {
		if err := m.warm(l, min(m.WarmUp, m.Budget/10/k), m.Budget/4/k); err != nil {
			return err
		}
		m.warmed++
		m.report()
	}
	return nil
}

// warm runs l for least and five times; it stops sooner, after two runs, if
// they take longer than most.
func (m *measurement) warm(l *timed, least, most time.Duration) error {
	const enough, few = 5, 2
	start := m.Clock.Now()
	l.each = math.MaxInt64
	for batch, runs := 1, 0; ; {
		took, err := m.time(l, batch)
		if err != nil {
			return err
		}
		runs += batch
		if took < m.MinSample && batch < maxRepeats {
			batch *= 2 // times near the clock's resolution teach nothing
			continue
		}
		l.each = min(l.each, max(took/time.Duration(batch), 1))
		if took <= 0 {
			return fmt.Errorf("%w: %q, %d runs", ErrTooFast, l.Name, batch)
		}
		spent := m.Clock.Now().Sub(start)
		if spent >= least && runs >= enough || spent >= most && runs >= few {
			m.plan(l)
			return nil
		}
	}
}

// plan fixes the runs in a sample of a subject that is warm. The reference is sampled before and
// after it, for half as long: a short sample slips between two time slices of another job that a
// long one cannot escape, and then they are not slowed alike.
func (m *measurement) plan(l *timed) {
	l.repeats = repeats(m.MinSample, l.each)
	// The reference comes after whatever is largest, and in another process nothing else warms its
	// caches: without a run before, it would depend on what is measured beside it.
	l.settle = l.each <= settleUpTo*m.MinSample || l == m.ref && m.Elsewhere != nil
	half := l.each * time.Duration(l.repeats) / 2
	l.refRepeats = repeats(max(m.MinSample, half), m.ref.each)
	// Powers of two, so that most neighbours can share a sample.
	l.refRepeats = 1 << bits.Len(uint(l.refRepeats-1))
}

// repeats is how many runs fill a sample.
func repeats(sample, run time.Duration) int {
	return int(min(max((sample+run-1)/run, 1), maxRepeats))
}

// round takes one sample of every open subject, in an order of its own.
func (m *measurement) round(deadline time.Time) error {
	m.rounds++
	rng := rand.New(rand.NewPCG(m.Seed, streamOrder<<32|uint64(m.rounds)))
	var order []*timed
	for _, i := range rng.Perm(len(m.subjects)) {
		if m.subjects[i].settled == 0 {
			order = append(order, m.subjects[i])
		}
	}
	if m.rounds == 1 {
		deadline = time.Time{}
	}
	err := m.pass(order, deadline, func(l *timed, r round) { l.rounds = append(l.rounds, r) })
	if err != nil {
		return err
	}
	m.review()
	return nil
}

// pass samples subjects in order, each between two samples of the reference, and
// stops at the deadline unless that is zero.
func (m *measurement) pass(subjects []*timed, deadline time.Time, keep func(l *timed,
	r round)) error {
	var refRepeats int // runs in the latest reference sample
	var before float64
	for len(subjects) > 0 {
		if !deadline.IsZero() && !m.Clock.Now().Before(deadline) {
			return nil
		}
		batch := subjects[:m.batch(subjects)]
		subjects = subjects[len(batch):]
		plan := m.planned(batch, &refRepeats)
		ms, err := m.take(plan)
		if err != nil {
			return err
		}
		for i := 0; i < len(plan); i++ {
			if plan[i].timed == m.ref {
				before = ms[i]
				m.refs = append(m.refs, before)
				continue
			}
			after := ms[i+1]
			keep(plan[i].timed, round{ms[i], before, after})
		}
	}
	return nil
}

// planned is a sample to take: so many runs of a subject.
type planned struct {
	*timed
	runs int
}

// planned are the samples of some subjects, each between two of the reference. One sample of that
// serves as "after" and "before" where both want its length: refRepeats is that of the latest.
func (m *measurement) planned(subjects []*timed, refRepeats *int) (plan []planned) {
	for _, l := range subjects {
		if *refRepeats != l.refRepeats {
			*refRepeats = l.refRepeats
			plan = append(plan, planned{m.ref, l.refRepeats})
		}
		plan = append(plan, planned{l, l.repeats}, planned{m.ref, l.refRepeats})
	}
	return plan
}

// sample returns milliseconds a run.
func (m *measurement) sample(l *timed, repeats int) (float64, error) {
	if l.Next != nil {
		l.Next()
	}
	if l.settle {
		if err := l.Run(); err != nil {
			return 0, l.failed(err)
		}
	}
	took, err := m.time(l, repeats)
	// A sample without length, as a clock set back would give, must not divide.
	return milliseconds(max(took, 1)) / float64(repeats), err
}

// time is the timed loop: nothing in it but the runs.
func (m *measurement) time(l *timed, runs int) (time.Duration, error) {
	if err := m.stopped(); err != nil {
		return 0, err
	}
	if m.Elsewhere != nil {
		took, err := m.ask([]Sample{{Key: l.Key(), Runs: runs}})
		if err != nil {
			return 0, l.failed(err)
		}
		return took[0], nil
	}
	start := m.Clock.Now()
	for range runs {
		if err := l.Run(); err != nil {
			return 0, l.failed(err)
		}
	}
	return m.Clock.Now().Sub(start), nil
}

// stopped is an error once nobody waits for the measurement any more.
func (m *measurement) stopped() error {
	if err := m.ctx.Err(); err != nil {
		return fmt.Errorf("timing: measurement stopped after %d rounds: %w", m.rounds, err)
	}
	return nil
}

func (l *timed) failed(err error) error {
	return fmt.Errorf("timing: measuring %q: %w", l.Name, err)
}

// review settles the subjects whose interval is narrow, twice in a row because
// an interval can be narrow by luck. Each look is a chance for that luck, so
// it looks less and less often.
func (m *measurement) review() {
	m.judge()
	if m.Clock.Now().Sub(m.began) < m.MinSpan {
		return
	}
	for _, l := range m.subjects {
		n := len(l.rounds)
		if l.settled > 0 || n < l.reviewAt {
			continue
		}
		l.reviewAt = n + max(1, n/10)
		narrow := l.known(m.calm, m.Target)
		if narrow && l.narrow {
			l.settled = m.rounds
			m.open--
		}
		l.narrow = narrow
	}
	if m.open == 0 {
		m.judgeAt = 0
		m.judge()
	}
}

// judge learns what the reference takes undisturbed, now and then. Where the machine turns out to
// be faster than it was so far, subjects that are less known by that are open again.
func (m *measurement) judge() {
	if len(m.refs) < m.judgeAt || len(m.refs) == 0 {
		return
	}
	m.judgeAt = len(m.refs) + len(m.refs)/10
	m.calm = calmOf(m.refs)
	for _, l := range m.subjects {
		if l.settled > 0 && !l.known(m.calm, m.Target) {
			l.settled, l.narrow = 0, false
			m.open++
		}
	}
}

// sentinels times a twentieth of the subjects that settled early once more, after everything else:
// their ratios should not have moved. Only what is timed undisturbed can be compared.
func (m *measurement) sentinels() error {
	var early []*timed
	for _, l := range m.subjects {
		if l.settled > 0 && l.settled < m.rounds {
			early = append(early, l)
		}
	}
	rng := rand.New(rand.NewPCG(m.Seed, streamSentinels<<32))
	rng.Shuffle(len(early), func(i, j int) { early[i], early[j] = early[j], early[i] })
	early = early[:min(len(early), 1+len(m.subjects)/20)]
	end := m.started.Add(m.Budget)
	for r := 0; len(early) > 0 && (r == 0 || r < m.MaxRounds && m.Clock.Now().Before(end)); r++ {
		err := m.pass(early, time.Time{}, func(l *timed, r round) { l.late = append(l.late, r) })
		if err != nil {
			return err
		}
		m.collect.between()
		early = slices.DeleteFunc(early, func(l *timed) bool {
			return len(m.calm.of(l.late)) >= max(m.MinRounds, minFast)
		})
	}
	return nil
}

// comeBack goes on with the reference alone where it has become slower, until it is as fast again,
// for MinSpan at most: another job ends, and a processor that throttles stays slow. The latest
// fifth of all samples is of this time at most: with more, a machine that stays slow would have
// been so from the beginning.
func (m *measurement) comeBack() error {
	const most = 50 // samples at once
	each := m.ref.each * time.Duration(m.ref.repeats+1)
	plan := slices.Repeat([]planned{{m.ref, m.ref.repeats}},
		int(min(max(batchTime/max(each, 1), 1), most)))
	before, end := len(m.refs), m.Clock.Now().Add(m.MinSpan)
	if budget := m.started.Add(m.Budget); budget.Before(end) {
		end = budget
	}
	for {
		ratio, steady := drift(m.refs)
		if steady || ratio < 1 {
			return nil
		}
		// To look takes long beside so many samples, and little beside a fiftieth of them.
		for range 1 + before/50/len(plan) {
			if !m.Clock.Now().Before(end) {
				return nil
			}
			ms, err := m.take(plan)
			if err != nil {
				return err
			}
			m.refs = append(m.refs, ms...)
			if over := len(m.refs) - before - max(before/4, len(ms)); over > 0 {
				m.refs = slices.Delete(m.refs, before, before+over)
			}
		}
		m.collect.between()
	}
}

func (m *measurement) report() {
	if m.Progress == nil {
		return
	}
	m.Progress(Progress{
		Subjects: len(m.subjects), WarmedUp: m.warmed, Settled: len(m.subjects) - m.open,
		Rounds:  m.rounds,
		Elapsed: m.Clock.Now().Sub(m.started), Budget: m.Budget,
	})
}
