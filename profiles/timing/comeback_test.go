package timing_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
)

// slowedBetween is slowed to 1.65 times from one time to another.
func slowedBetween(from, to time.Duration) func(*rand.Rand) disturbance {
	return func(*rand.Rand) disturbance {
		return func(now time.Duration) (float64, time.Duration) {
			switch {
			case now < from:
				return 1, from
			case now < to:
				return 1.65, to
			}
			return 1, math.MaxInt64
		}
	}
}

// A reference that stays slower is waited for within the budget, and marked however long that was.
// What was measured before holds.
func TestMeasureMarksWhatStaysSlow(t *testing.T) {
	for _, budget := range []time.Duration{20 * time.Second, 10 * time.Minute} {
		m := newMachine(1, slowedBetween(4100*time.Millisecond, math.MaxInt64))
		timings, session := m.measure(t, m.subjects(), given(timing.Settings{Budget: budget,
			MaxRounds: 200, Target: 0.001}))
		if !session.Unstable || !strings.Contains(session.UnstableReason, "come back") {
			t.Errorf("%v: unstable %v (%s), drift %.2f", budget, session.Unstable,
				session.UnstableReason, session.DriftRatio)
		}
		if session.Seconds > budget.Seconds()+1 || session.Seconds < budget.Seconds()/5 {
			t.Errorf("%v: it took %.1f s", budget, session.Seconds)
		}
		if session.ReferenceSamples > 3000 {
			t.Errorf("%v: %d samples of the reference are kept for 200 rounds of 5 subjects",
				budget, session.ReferenceSamples)
		}
		if e := off(session.ReferenceMS, 0.5); e > 0.04 {
			t.Errorf("%v: reference %v ms", budget, session.ReferenceMS)
		}
		for i, timing := range timings {
			if e := off(timing.LatencyMS, float64(durations[i])/1e6); e > 0.03 {
				t.Errorf("%v: %s is %.1f %% off", budget, timing.Name, 100*e)
			}
		}
	}
}

// One that is as fast again ends the wait.
func TestMeasureGoesOnWhenTheReferenceIsBack(t *testing.T) {
	m := newMachine(1, slowedBetween(4100*time.Millisecond, time.Minute))
	_, session := m.measure(t, m.subjects(), given(timing.Settings{Budget: 10 * time.Minute,
		MaxRounds: 200, Target: 0.001}))
	if session.Unstable || session.Seconds < 60 || session.Seconds > 62 {
		t.Errorf("after %.1f s: %s", session.Seconds, session.UnstableReason)
	}
}

// far takes samples on the simulated machine, and says of each question what it is about.
type far struct {
	*machine
	asked  func(plan []timing.Sample) error
	rounds int           // that are over
	most   time.Duration // that a question of several samples took
}

func (f *far) Sample(plan []timing.Sample) (all []time.Duration, err error) {
	if err := f.asked(plan); err != nil {
		return nil, err
	}
	began := f.now
	for _, s := range plan {
		before := f.now
		f.work(time.Duration(s.Runs) * s.Key.(time.Duration))
		all = append(all, f.now-before)
	}
	if len(plan) > 3 { // more than a subject between two of the reference
		f.most = max(f.most, f.now-began)
	}
	return all, nil
}

func (f *far) Observe() (device.Observation, error) { return device.Observation{}, nil }

func (f *far) subject(name string, d time.Duration) timing.Subject {
	return timing.Subject{Name: name, Key: func() any { return d },
		Run: func() error { return errors.New("it is not here") }}
}

// A reference of a second is waited for a sample at a time: a question that takes a minute could
// not be answered in time, nor the budget be kept.
func TestMeasureWaitsForALongReference(t *testing.T) {
	m := newMachine(1, slowedBetween(50*time.Second, math.MaxInt64))
	f := &far{machine: m, asked: func([]timing.Sample) error { return nil }}
	_, session, err := timing.Measure(t.Context(), f.subject("ref", time.Second),
		[]timing.Subject{f.subject("a", time.Second)},
		given(timing.Settings{Clock: m, Elsewhere: f, MaxRounds: 25, Target: 0.0001,
			Budget: 3 * time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	if !session.Unstable || session.Seconds > 185 || f.most > 5*time.Second {
		t.Errorf("%.1f s of 180, the longest question %v, unstable %v", session.Seconds, f.most,
			session.Unstable)
	}
}

// Where the connection is lost, or nobody waits any more, the end of a measurement ends like its
// middle.
func TestMeasureStopsAtItsEnd(t *testing.T) {
	lost := errors.New("the connection is lost")
	for _, c := range []struct {
		name string
		slow func(*rand.Rand) disturbance
		is   func(f *far, plan []timing.Sample) bool
	}{
		{"sentinels", quietMachine, func(f *far, plan []timing.Sample) bool {
			return f.rounds == 300
		}},
		{"the reference alone", slowedBetween(4100*time.Millisecond, math.MaxInt64),
			func(f *far, plan []timing.Sample) bool {
				return len(plan) > 1 && plan[0] == plan[1]
			}},
	} {
		for _, want := range []error{lost, context.Canceled} {
			ctx, cancel := context.WithCancel(t.Context())
			f := &far{machine: newMachine(1, c.slow)}
			after := 0 // questions
			f.asked = func(plan []timing.Sample) error {
				if after == 0 && !c.is(f, plan) {
					return nil
				}
				if after++; want == lost {
					return lost
				}
				cancel()
				return nil
			}
			subjects := []timing.Subject{f.subject("a", refTime), f.subject("b", 2*refTime)}
			subjects[1].Key = func() any { // never settles: a sentinel is taken of the other
				return time.Duration((1 + 3*f.rng.Float64()) * float64(refTime))
			}
			s := given(timing.Settings{Clock: f, Elsewhere: f, MinSpan: 100 * time.Millisecond,
				MaxRounds: 300, Progress: func(p timing.Progress) { f.rounds = p.Rounds }})
			if c.name != "sentinels" {
				s.MaxRounds, subjects = 2000, subjects[:1]
				s.MinSpan = 5 * time.Second
			}
			_, _, err := timing.Measure(ctx, f.subject("ref", refTime), subjects, s)
			cancel()
			if !errors.Is(err, want) || after != 1 {
				t.Errorf("%s: %v after %d questions, want %v after one", c.name, err, after, want)
			}
		}
	}
}
