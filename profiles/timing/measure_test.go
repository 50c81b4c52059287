package timing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
)

const refTime = 500 * time.Microsecond

// durations and their ratios to refTime.
var durations = []time.Duration{
	20 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, 1500 * time.Microsecond,
	5 * time.Millisecond,
}

func (m *machine) subjects() []timing.Subject {
	var subjects []timing.Subject
	for _, d := range durations {
		subjects = append(subjects, m.subject(d.String(), d))
	}
	return subjects
}

func (m *machine) measure(t *testing.T, subjects []timing.Subject,
	s timing.Settings) ([]timing.Timing, timing.Summary) {
	t.Helper()
	s.Clock = m
	timings, session, err := timing.Measure(t.Context(), m.subject("ref", refTime), subjects, s)
	if err != nil {
		t.Fatal(err)
	}
	return timings, session
}

// off is the relative error of got.
func off(got, want float64) float64 { return math.Abs(got/want - 1) }

func TestMeasureRecoversRatios(t *testing.T) {
	for _, c := range []struct {
		name    string
		slow    func(*rand.Rand) disturbance
		rawIsOK bool
		fastest bool // the machine is at full speed some of the time
	}{
		{"quiet", quietMachine, true, true},
		{"sibling busy", siblingBusy, false, true},
		{"turbo", turbo, false, false},
		{"throttling", throttling, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var raw []float64 // relative errors of the raw medians
			for seed := range uint64(5) {
				m := newMachine(seed, c.slow)
				timings, session := m.measure(t, m.subjects(),
					given(timing.Settings{Seed: seed, Budget: 10 * time.Second}))
				for i, timing := range timings {
					ms := float64(durations[i]) / 1e6
					raw = append(raw, off(timing.RawMedianMS, ms))
					if e := off(timing.Ratio, float64(durations[i])/
						float64(refTime)); e > 0.02 {
						t.Errorf("seed %d: %s: ratio %v is %.1f %% off", seed, timing.Name,
							timing.Ratio, 100*e)
					}
					if e := off(timing.LatencyMS, ms); c.fastest && e > 0.04 {
						t.Errorf("seed %d: %s: latency %v ms is %.1f %% off", seed, timing.Name,
							timing.LatencyMS, 100*e)
					}
					if timing.Unstable {
						t.Errorf("seed %d: %s is unstable: %s", seed, timing.Name,
							timing.UnstableReason)
					}
				}
				if e := off(session.ReferenceMS, 0.5); c.fastest && e > 0.04 {
					t.Errorf("seed %d: reference %v ms", seed, session.ReferenceMS)
				}
			}
			slices.Sort(raw)
			if far := raw[3*len(raw)/4]; !c.rawIsOK && far < 0.10 {
				t.Errorf("raw medians are only %.1f %% off, so nothing was shown", 100*far)
			}
		})
	}
}

// TestMeasureWaitsForUndisturbed: what suffers less than the reference from a neighbour, as what
// waits for memory does, has two ratios to it, and that of the undisturbed machine counts. One that
// is never undisturbed cannot tell.
func TestMeasureWaitsForUndisturbed(t *testing.T) {
	for seed := range uint64(5) {
		m := newMachine(seed, neighbours)
		var subjects []timing.Subject
		suffers := []float64{0, 0.25, 0.5, 0.75, 1}
		for i, d := range durations {
			subjects = append(subjects, timing.Subject{Name: d.String(), Run: func() error {
				factor, _ := m.slow(m.now)
				m.work(time.Duration(float64(d) * (1 + suffers[i]*(factor-1)) / factor))
				return nil
			}})
		}
		timings, session := m.measure(t, subjects,
			given(timing.Settings{Seed: seed, Budget: time.Minute}))
		for i, timing := range timings {
			if e := off(timing.LatencyMS, float64(durations[i])/1e6); e > 0.03 || timing.Unstable {
				t.Errorf("seed %d: %s: latency %v ms is %.1f %% off %s", seed, timing.Name,
					timing.LatencyMS, 100*e, timing.UnstableReason)
			}
		}
		if session.Unstable {
			t.Errorf("seed %d: %s", seed, session.UnstableReason)
		}
	}
}

// TestMeasureLuckyTurbo: a moment of turbo, before or amid all else, makes nothing seem as fast as
// it was then: what it moves is the mean of the fastest quarter.
func TestMeasureLuckyTurbo(t *testing.T) {
	for _, from := range []time.Duration{1500 * time.Millisecond, 9 * time.Second} {
		lucky := func(*rand.Rand) disturbance {
			return func(now time.Duration) (float64, time.Duration) {
				switch until := from + 300*time.Millisecond; {
				case now < from:
					return 1, from
				case now < until:
					return 0.7, until
				}
				return 1, math.MaxInt64
			}
		}
		m := newMachine(1, lucky)
		var subjects []timing.Subject
		for i := range 50 {
			d := refTime * time.Duration(1+i)
			subjects = append(subjects, m.subject(d.String(), d))
		}
		timings, session := m.measure(t, subjects, given(timing.Settings{Target: 0.0001}))
		for i, timing := range timings {
			if e := off(timing.LatencyMS, 0.5*float64(1+i)); e > 0.06 {
				t.Errorf("from %v: %s: latency %v ms is %.1f %% off, of a session unstable %v",
					from, timing.Name, timing.LatencyMS, 100*e, session.Unstable)
			}
		}
	}
}

// TestMeasureOnAnotherSessionsScale: what the reference took elsewhere takes the place of what it
// takes here, and no ratio changes.
func TestMeasureOnAnotherSessionsScale(t *testing.T) {
	measure := func(s timing.Settings) ([]timing.Timing, timing.Summary) {
		m := newMachine(1, siblingBusy)
		return m.measure(t, m.subjects(), given(s))
	}
	here, _ := measure(timing.Settings{})
	there, session := measure(timing.Settings{ReferenceMS: 0.75})
	for i := range here {
		if here[i].Ratio != there[i].Ratio || off(there[i].LatencyMS, 0.75*here[i].Ratio) > 1e-12 ||
			off(there[i].CIHighMS-there[i].CILowMS, 0.75/session.ReferenceMS*
				(here[i].CIHighMS-here[i].CILowMS)) > 1e-9 {
			t.Errorf("%+v, and on another scale %+v", here[i], there[i])
		}
	}
	if session.ReferenceGivenMS != 0.75 || off(session.ReferenceMS, 0.5) > 0.04 {
		t.Errorf("the reference took %g ms, given %g", session.ReferenceMS,
			session.ReferenceGivenMS)
	}
}

// TestMeasureCopies: copies that differ take turns, a sample each with all of its runs.
func TestMeasureCopies(t *testing.T) {
	m := newMachine(1, quietMachine)
	subject, at, moves := m.subject("copies", 0), 0, 0
	copies := []timing.Subject{m.subject("a", time.Millisecond),
		m.subject("b", 2*time.Millisecond)}
	subject.Run = func() error { return copies[at].Run() }
	subject.Next = func() { at, moves = (at+1)%2, moves+1 }
	timings, _ := m.measure(t, []timing.Subject{subject}, given(timing.Settings{}))
	if got := timings[0]; off(got.RawMinMS, 1) > 0.05 || off(got.RawP90MS, 2) > 0.05 ||
		moves != got.Rounds {
		t.Errorf("%+v after %d moves", got, moves)
	}
}

// Disturbances as short as a sample, which hit it and its neighbours apart.
func TestMeasureBriefDisturbances(t *testing.T) {
	for name, slow := range map[string]func(*rand.Rand) disturbance{"preempted": preempted,
		"chatter": chatter} {
		for seed := range uint64(5) {
			m := newMachine(seed, slow)
			timings, _ := m.measure(t, m.subjects()[:4], given(timing.Settings{Seed: seed}))
			for i, timing := range timings {
				if e := off(timing.Ratio, float64(durations[i])/float64(refTime)); e > 0.015 {
					t.Errorf("%s, seed %d: %s: ratio %v is %.1f %% off", name, seed, timing.Name,
						timing.Ratio, 100*e)
				}
				if e := off(timing.LatencyMS, float64(durations[i])/1e6); e > 0.04 {
					t.Errorf("%s, seed %d: %s: latency %v ms is %.1f %% off", name, seed,
						timing.Name, timing.LatencyMS, 100*e)
				}
				if i == 3 && timing.RawP90MS < 1.4*timing.RawMinMS {
					t.Errorf("%s, seed %d: nothing was disturbed: %+v", name, seed, timing)
				}
			}
		}
	}
}

// Stopping at a narrow interval costs some of the 95 %, and so does noise that is no disturbance
// (here 1 % of each run): the fastest of samples of several runs are less fast.
func TestMeasureIntervalCovers(t *testing.T) {
	const sessions = 120
	var covered, total, settled int
	for seed := range uint64(sessions) {
		m := newMachine(seed, siblingBusy)
		m.jitter = 0.01
		subjects := m.subjects()[1:4]
		timings, session := m.measure(t, subjects,
			given(timing.Settings{Seed: seed, Budget: 3 * time.Second, MinSpan: time.Millisecond}))
		for i, timing := range timings {
			truth := float64(durations[1+i]) / float64(refTime) * session.ReferenceMS
			total++
			if timing.CILowMS <= truth && truth <= timing.CIHighMS {
				covered++
			}
			if !timing.Unstable {
				settled++
			}
		}
	}
	t.Logf("%d of %d intervals cover, %d settled", covered, total, settled)
	if covered < total*89/100 {
		t.Errorf("%d of %d intervals cover the true ratio, want 95 %% or little less", covered,
			total)
	}
	if settled < total*9/10 {
		t.Errorf("only %d of %d settled", settled, total)
	}
}

// Noise that the reference does not share cannot be divided out, and where hardly a run is without
// it, it must be told.
func TestMeasureFlagsUnsharedNoise(t *testing.T) {
	m := newMachine(3, quietMachine)
	own := timing.Subject{Name: "own noise", Run: func() error {
		m.work(time.Duration((1 + 3*m.rng.Float64()) * float64(refTime)))
		return nil
	}}
	timings, _ := m.measure(t, []timing.Subject{m.subject("plain", refTime), own},
		given(timing.Settings{}))
	if timings[0].Unstable {
		t.Errorf("plain: %s", timings[0].UnstableReason)
	}
	if !timings[1].Unstable || !strings.Contains(timings[1].UnstableReason, "interval") {
		t.Errorf("own noise: %+v", timings[1])
	}
}

// A subject that something of its own holds up in every other run has the time of the others.
func TestMeasureLooksPastWhatHitsOneSubject(t *testing.T) {
	m := newMachine(3, quietMachine)
	hit := timing.Subject{Name: "hit", Run: func() error {
		m.work(time.Duration(1+m.rng.IntN(2)) * refTime)
		return nil
	}}
	timings, _ := m.measure(t, []timing.Subject{hit}, given(timing.Settings{}))
	if off(timings[0].Ratio, 1) > 0.01 || timings[0].Unstable {
		t.Errorf("%+v, want a ratio of 1", timings[0])
	}
}

func TestMeasureFlagsDrift(t *testing.T) {
	m := newMachine(1, throttling)
	_, session := m.measure(t, m.subjects(),
		given(timing.Settings{Budget: 5 * time.Second, Target: 0.0001}))
	if !session.Unstable || !strings.Contains(session.UnstableReason, "reference") {
		t.Errorf("throttling by half: unstable %v (%s), drift %.2f", session.Unstable,
			session.UnstableReason, session.DriftRatio)
	}
	m = newMachine(1, siblingBusy)
	_, session = m.measure(t, m.subjects(),
		given(timing.Settings{Budget: 5 * time.Second, Target: 0.0001}))
	if session.Unstable {
		t.Errorf("a machine that comes back to its speed: %s", session.UnstableReason)
	}
	m = newMachine(1, busyAtFirst)
	_, session = m.measure(t, m.subjects(),
		given(timing.Settings{Budget: 5 * time.Second, Target: 0.0001}))
	if !strings.Contains(session.UnstableReason, "another job ended") {
		t.Errorf("a machine that becomes fast at the end: unstable %v (%s), drift %.2f",
			session.Unstable, session.UnstableReason, session.DriftRatio)
	}
}

// A subject that settles early and is slower by a fifth later on is found out
// by timing it again at the end.
func TestMeasureSentinels(t *testing.T) {
	m := newMachine(5, quietMachine)
	changes := timing.Subject{Name: "changes", Run: func() error {
		m.work(refTime)
		if m.now > time.Second {
			m.work(refTime / 5)
		}
		return nil
	}}
	restless := timing.Subject{Name: "restless", Run: func() error {
		m.work(time.Duration((1 + 2*m.rng.Float64()) * float64(refTime)))
		return nil
	}}
	timings, session := m.measure(t, []timing.Subject{changes, restless},
		given(timing.Settings{MinSpan: 100 * time.Millisecond}))
	if session.Sentinels != 1 || off(session.SentinelRatio, 1.2) > 0.02 || !session.Unstable {
		t.Errorf("sentinels %d, ratio %v, unstable %v, want 1, 1.2, true", session.Sentinels,
			session.SentinelRatio, session.Unstable)
	}
	if !timings[0].Unstable || !strings.Contains(timings[0].UnstableReason, "1.2") {
		t.Errorf("changed subject: %+v", timings[0])
	}
}

// calls lists who ran, a repetition once.
func calls(t *testing.T, seed uint64) []string {
	m := newMachine(1, quietMachine)
	var log []string
	traced := func(name string) timing.Subject {
		return timing.Subject{Name: name, Run: func() error {
			if len(log) == 0 || log[len(log)-1] != name {
				log = append(log, name)
			}
			m.work(refTime)
			return nil
		}}
	}
	var subjects []timing.Subject
	for _, name := range strings.Split("abcdef", "") {
		subjects = append(subjects, traced(name))
	}
	s := given(timing.Settings{Clock: m, Seed: seed, MinRounds: 5, MaxRounds: 5})
	if _, _, err := timing.Measure(t.Context(), traced("ref"), subjects, s); err != nil {
		t.Fatal(err)
	}
	return log[1+len(subjects):] // after warm-up: ref a b c d e f
}

func TestMeasureOrder(t *testing.T) {
	log := calls(t, 1)
	var orders []string
	for len(log) > 1 {
		var order string
		for i := range 6 {
			if log[2*i] != "ref" || log[2*i+2] != "ref" {
				t.Fatalf("%v: subjects are not between references", log[:13])
			}
			order += log[2*i+1]
		}
		orders = append(orders, order)
		if sorted := strings.Split(order, ""); !slices.Equal(slices.Sorted(slices.Values(sorted)),
			strings.Split("abcdef", "")) {
			t.Errorf("round %q is no permutation", order)
		}
		log = log[12:] // the last reference and the next round's first run into one
	}
	if len(orders) != 5 {
		t.Errorf("%d rounds, want 5", len(orders))
	}
	if slices.Sort(orders); len(slices.Compact(orders)) < 4 {
		t.Errorf("orders %v: want them shuffled", orders)
	}
	if !slices.Equal(calls(t, 1), calls(t, 1)) {
		t.Error("the same seed gives two orders")
	}
	if slices.Equal(calls(t, 1), calls(t, 2)) {
		t.Error("two seeds give the same order")
	}
}

func TestMeasureIsDeterministic(t *testing.T) {
	run := func() ([]timing.Timing, timing.Summary) {
		m := newMachine(9, siblingBusy)
		timings, session := m.measure(t, m.subjects(),
			given(timing.Settings{Seed: 4, Budget: 4 * time.Second}))
		session.Conditions = device.Conditions{} // of the real machine
		return timings, session
	}
	t1, s1 := run()
	t2, s2 := run()
	if !reflect.DeepEqual(t1, t2) || !reflect.DeepEqual(s1, s2) {
		t.Errorf("two runs differ:\n%+v\n%+v\n%+v\n%+v", t1, t2, s1, s2)
	}
}

// A block inventory: 500 subjects of 20 µs to 2 ms within 25 s.
func TestMeasureManySubjects(t *testing.T) {
	m := newMachine(2, siblingBusy)
	var subjects []timing.Subject
	truth := make([]float64, 500)
	for i := range truth {
		d := time.Duration(20e3 * math.Pow(100, m.rng.Float64()))
		truth[i] = float64(d) / float64(refTime)
		subjects = append(subjects, m.subject(fmt.Sprint(i), d))
	}
	var warm, last timing.Progress
	timings, session := m.measure(t, subjects,
		given(timing.Settings{Budget: 25 * time.Second, Progress: func(p timing.Progress) {
			if p.Rounds == 0 {
				warm = p
			}
			last = p
		}}))
	if warm.WarmedUp != 500 || warm.Elapsed > 10*time.Second {
		t.Errorf("warm-up took %v for %d subjects", warm.Elapsed, warm.WarmedUp)
	}
	if session.Seconds > 25.5 || last.Rounds != session.Rounds || session.Rounds < 10 {
		t.Errorf("%d rounds in %.1f s, last progress %+v", session.Rounds, session.Seconds, last)
	}
	far := 0 // a few have hardly been timed while the machine was undisturbed
	for i, timing := range timings {
		e := off(timing.Ratio, truth[i])
		if e > 0.03 {
			far++
		}
		if e > 0.1 {
			t.Errorf("%s (%.3f): %.1f %% off after %d rounds", timing.Name, truth[i], 100*e,
				timing.Rounds)
		}
	}
	if far > len(timings)/100 {
		t.Errorf("%d of %d are more than 3 %% off", far, len(timings))
	}
}

func TestMeasureWithoutBudget(t *testing.T) {
	m := newMachine(2, quietMachine)
	timings, _ := m.measure(t, m.subjects(), given(timing.Settings{Budget: time.Microsecond}))
	for i, timing := range timings {
		if timing.Rounds != 1 || !timing.Unstable || !strings.Contains(timing.UnstableReason,
			"budget") {
			t.Errorf("%+v: want one round, unstable for want of budget", timing)
		}
		if e := off(timing.LatencyMS, float64(durations[i])/1e6); e > 0.2 {
			t.Errorf("%s: %v ms", timing.Name, timing.LatencyMS)
		}
	}
}

func TestMeasureStops(t *testing.T) {
	m := newMachine(1, quietMachine)
	ctx, cancel := context.WithCancel(t.Context())
	var after int
	subject := timing.Subject{Name: "a", Run: func() error {
		m.work(refTime)
		if m.now > time.Second {
			cancel()
			after++
		}
		return nil
	}}
	timings, _, err := timing.Measure(ctx, m.subject("ref", refTime), []timing.Subject{subject},
		given(timing.Settings{Clock: m}))
	if !errors.Is(err, context.Canceled) || timings != nil {
		t.Errorf("cancelled: %v, %v", timings, err)
	}
	if after != 1 {
		t.Errorf("%d runs after the cancellation, want none", after-1)
	}

	broken := errors.New("session lost")
	subject.Run = func() error { m.work(refTime); return broken }
	_, _, err = timing.Measure(t.Context(), m.subject("ref", refTime), []timing.Subject{subject},
		given(timing.Settings{Clock: m}))
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("failing subject: %v", err)
	}
}

// Warm-up adapts: a subject of seconds runs twice, one of milliseconds five
// times and for its share, and the first run, which may build things, is
// never taken for the usual one.
func TestMeasureWarmsUp(t *testing.T) {
	m := newMachine(1, quietMachine)
	runs := map[string]int{}
	warm := func(name string, d time.Duration) timing.Subject {
		return timing.Subject{Name: name, Run: func() error {
			if runs[name]++; runs[name] == 1 {
				m.work(20 * d)
			}
			m.work(d)
			return nil
		}}
	}
	subjects := []timing.Subject{
		warm("seconds", 3*time.Second), warm("milliseconds", 60*time.Millisecond),
		warm("microseconds", 50*time.Microsecond),
	}
	var before map[string]int
	timings, _ := m.measure(t, subjects, given(timing.Settings{MaxRounds: 1, MinSpan: time.Second,
		Progress: func(p timing.Progress) {
			if p.WarmedUp == len(subjects) && before == nil {
				before = map[string]int{"seconds": runs["seconds"],
					"milliseconds": runs["milliseconds"], "microseconds": runs["microseconds"]}
			}
		}}))
	if before["seconds"] != 2 || before["milliseconds"] != 5 || before["microseconds"] < 1000 {
		t.Errorf("runs to warm up: %v, want 2, 5 and 200 ms of 50 µs", before)
	}
	if timings[2].Repeats != 5 || timings[1].Repeats != 1 {
		t.Errorf("repeats %d and %d, want 5 runs of 50 µs in 200 µs and one of 60 ms",
			timings[2].Repeats, timings[1].Repeats)
	}
}

// The reference beside a long subject is repeated for about half as long.
func TestMeasureReferenceFollowsSubject(t *testing.T) {
	m := newMachine(1, quietMachine)
	var batch, longest int
	ref := timing.Subject{Name: "ref", Run: func() error { batch++; m.work(refTime); return nil }}
	measured := false
	long := timing.Subject{Name: "long", Run: func() error {
		if measured {
			longest = max(longest, batch)
		}
		batch = 0
		m.work(30 * time.Millisecond)
		return nil
	}}
	_, _, err := timing.Measure(t.Context(), ref, []timing.Subject{long},
		given(timing.Settings{Clock: m, MaxRounds: 1, Progress: func(p timing.Progress) {
			measured,
				batch = true, 0
		}}))
	if err != nil {
		t.Fatal(err)
	}
	if longest != 33 { // one untimed, and a power of two from 15 ms / 0.5 ms on
		t.Errorf("%d runs of the reference before 30 ms, want 33", longest)
	}
}

// elsewhere takes samples in the place of the subjects: each run of one lasts as long as its key,
// whatever the way there takes.
type elsewhere struct {
	*machine
	batches, settled int
	err              error
}

func (e *elsewhere) Sample(plan []timing.Sample) (all []time.Duration, err error) {
	if len(plan) > 1 {
		e.batches++
	}
	e.work(3 * time.Millisecond)
	for _, s := range plan {
		if s.Settle {
			e.settled++
		}
		all = append(all, time.Duration(s.Runs)*s.Key.(time.Duration))
	}
	return all, e.err
}

func (e *elsewhere) Observe() (device.Observation, error) {
	return device.Observation{Throttle: 1}, nil
}

// What is elsewhere is asked for many samples at once, and its answers count, however long they
// were on the way.
func TestMeasureElsewhere(t *testing.T) {
	m := newMachine(1, quietMachine)
	there := &elsewhere{machine: m}
	subject := func(name string, run time.Duration) timing.Subject {
		return timing.Subject{Name: name, Key: func() any { return run },
			Run: func() error { return errors.New("it is not here") }}
	}
	subjects := []timing.Subject{subject("a", 50*time.Microsecond), subject("b", refTime/2)}
	s := given(timing.Settings{MinRounds: 5, MaxRounds: 5, Clock: m, Elsewhere: there})
	timings, session, err := timing.Measure(t.Context(), subject("ref", refTime), subjects, s)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.1, 0.5} {
		if off(timings[i].Ratio, want) > 1e-9 || timings[i].Rounds != 5 {
			t.Errorf("%+v, want a ratio of %g in 5 rounds", timings[i], want)
		}
	}
	if c := session.Conditions; c.ThrottleEvents == nil || *c.ThrottleEvents != 0 {
		t.Errorf("conditions %+v, want those of elsewhere", c)
	}
	if there.settled != 5*5 || there.batches != 5 {
		t.Errorf("%d untimed runs in %d batches: want one before each sample, and a batch a round",
			there.settled, there.batches)
	}
	there.err = errors.New("the other process is gone")
	_, _, err = timing.Measure(t.Context(), subject("ref", refTime), subjects, s)
	if !errors.Is(err, there.err) {
		t.Errorf("got %v", err)
	}
}

func TestMeasureTooFast(t *testing.T) {
	m := newMachine(1, quietMachine)
	idle := timing.Subject{Name: "idle", Run: func() error { return nil }}
	_, _, err := timing.Measure(t.Context(), m.subject("ref", refTime), []timing.Subject{idle},
		given(timing.Settings{Clock: m}))
	if !errors.Is(err, timing.ErrTooFast) || !strings.Contains(err.Error(), "idle") {
		t.Errorf("got %v, want ErrTooFast", err)
	}
}

// The sample's repetitions make a coarse clock harmless.
func TestMeasureCoarseClock(t *testing.T) {
	m := newMachine(1, quietMachine)
	clock := coarse{m, 10 * time.Microsecond}
	s := given(timing.Settings{Clock: clock, Budget: 4 * time.Second, MinSample: time.Millisecond})
	timings, _, err := timing.Measure(t.Context(), m.subject("ref", 3*time.Microsecond),
		[]timing.Subject{m.subject("a", 700*time.Nanosecond)}, s)
	if err != nil {
		t.Fatal(err)
	}
	if e := off(timings[0].Ratio, 0.7/3); e > 0.02 || timings[0].Repeats < 1000 {
		t.Errorf("ratio %.1f %% off with %d repeats", 100*e, timings[0].Repeats)
	}
}

// coarse ticks at intervals.
type coarse struct {
	m    *machine
	tick time.Duration
}

func (c coarse) Now() time.Time { return c.m.Now().Truncate(c.tick) }

func TestMeasureRefusesArguments(t *testing.T) {
	m := newMachine(1, quietMachine)
	ref, a := m.subject("ref", refTime), m.subject("a", refTime)
	for _, c := range []struct {
		want     string
		ref      timing.Subject
		subjects []timing.Subject
		change   func(*timing.Settings)
	}{
		{"reference", timing.Subject{Name: "r"}, []timing.Subject{a}, nil},
		{"no subject", ref, nil, nil},
		{"subject 1", ref, []timing.Subject{a, {Name: "b"}}, nil},
		{"subject 0", ref, []timing.Subject{{Run: a.Run}}, nil},
		{`named "a"`, ref, []timing.Subject{a, a}, nil},
		{"Budget", ref, []timing.Subject{a}, func(s *timing.Settings) { s.Budget = 0 }},
		{"WarmUp", ref, []timing.Subject{a}, func(s *timing.Settings) { s.WarmUp = -1 }},
		{"Target", ref, []timing.Subject{a}, func(s *timing.Settings) { s.Target = math.NaN() }},
		{"Target", ref, []timing.Subject{a}, func(s *timing.Settings) { s.Target = 0 }},
		{"MinRounds", ref, []timing.Subject{a}, func(s *timing.Settings) { s.MinRounds = 0 }},
		{"MaxRounds", ref, []timing.Subject{a}, func(s *timing.Settings) {
			s.MinRounds,
				s.MaxRounds = 20, 10
		}},
	} {
		s := timing.Defaults()
		if c.change != nil {
			c.change(&s)
		}
		s.Clock = m
		_, _, err := timing.Measure(t.Context(), c.ref, c.subjects, s)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(),
			"\n") {
			t.Errorf("got %v, want one line with %q", err, c.want)
		}
	}
}

func TestResultsSurviveJSON(t *testing.T) {
	m := newMachine(9, siblingBusy)
	timings, session := m.measure(t, m.subjects()[:2], given(timing.Settings{Budget: time.Second}))
	text, err := json.Marshal(struct {
		T []timing.Timing
		S timing.Summary
	}{timings, session})
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		T []timing.Timing
		S timing.Summary
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.T, timings) || !reflect.DeepEqual(back.S, session) {
		t.Errorf("%+v\n%+v", back, session)
	}
}
