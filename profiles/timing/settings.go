package timing

import (
	"fmt"
	"math"
	"time"
)

// Auto stands for a value that follows from what is measured, or from other settings.
const Auto = -1

// Settings steers [Measure]. Zero means zero: begin with [Defaults].
type Settings struct {
	// WarmUp is how long each subject runs before it is timed, and at
	// least five times. Many subjects share a tenth of Budget instead.
	WarmUp time.Duration
	// MinSample is the least that is timed at once: shorter subjects
	// are repeated, so that reading the clock costs nothing that counts.
	MinSample time.Duration
	// MinSpan spreads the rounds of a subject over time before it may count as settled (at most a
	// quarter of Budget, and Auto is a fifth): a disturbance often lasts longer than the first
	// rounds.
	MinSpan time.Duration
	// MinRounds and MaxRounds bound the samples of a subject, 1 or more. Auto is 10
	// and 1000, or nearer to the other.
	MinRounds, MaxRounds int
	// Budget is for the whole measurement, warm-up included; above 0. The first
	// round is completed whatever it takes, so that every subject has a figure.
	Budget time.Duration
	// Target is the relative width of the 95 % interval at which a subject has
	// settled; above 0.
	Target float64
	// ReferenceMS, if above 0, is what the reference took in another session. Latencies are then
	// those of that session, whatever else the machine does in this one.
	ReferenceMS float64
	// Seed decides the order of subjects in each round.
	Seed uint64
	// Pin keeps the measuring thread on one processor; only Linux can. It is
	// for runtimes that compute on the calling thread: threads that native code
	// starts meanwhile inherit the restriction.
	Pin bool
	// Elsewhere, if set, runs and times the subjects in the place of this process, which then is
	// not kept quiet.
	Elsewhere Elsewhere
	// Clock, if set, replaces the real clock.
	Clock Clock
	// Progress, if set, is called between rounds, never inside a timed loop.
	Progress func(Progress)
}

// Progress says how far a measurement is.
type Progress struct {
	Subjects, WarmedUp, Settled, Rounds int
	Elapsed, Budget                     time.Duration
}

// Defaults measure for 20 s, to within 2 %.
func Defaults() Settings {
	return Settings{
		WarmUp: 200 * time.Millisecond, MinSample: 200 * time.Microsecond, MinSpan: Auto,
		MinRounds: Auto, MaxRounds: Auto,
		Budget: 20 * time.Second, Target: 0.02,
	}
}

// complete puts values in the place of Auto and refuses what makes no sense.
func (s Settings) complete() (Settings, error) {
	if s.MinSpan == Auto {
		s.MinSpan = s.Budget / 5
	}
	for _, d := range []struct {
		name        string
		value, from time.Duration
	}{{"WarmUp", s.WarmUp, 0}, {"MinSample", s.MinSample, 0}, {"MinSpan", s.MinSpan, 0},
		{"Budget", s.Budget, 1}} {
		if d.value < d.from {
			return s, fmt.Errorf("timing: Settings.%s is %v, want at least %v", d.name, d.value,
				d.from)
		}
	}
	if !(s.ReferenceMS >= 0) || math.IsInf(s.ReferenceMS, 1) {
		return s, fmt.Errorf("timing: Settings.ReferenceMS is %v, want a time, or 0 for none",
			s.ReferenceMS)
	}
	if !(s.Target > 0 && s.Target < 1) { // also refuses NaN
		return s, fmt.Errorf("timing: Settings.Target is %v, want a relative width between 0 and 1",
			s.Target)
	}
	s.MinSpan = min(s.MinSpan, s.Budget/4)
	if s.Clock == nil {
		s.Clock = newClock()
	}
	return s.withRounds()
}

func (s Settings) withRounds() (Settings, error) {
	if s.MinRounds == Auto {
		s.MinRounds = 10
		if s.MaxRounds > 0 {
			s.MinRounds = min(s.MinRounds, s.MaxRounds)
		}
	}
	if s.MaxRounds == Auto {
		s.MaxRounds = max(1000, s.MinRounds)
	}
	if s.MinRounds < 1 || s.MaxRounds < s.MinRounds {
		return s, fmt.Errorf(
			"timing: Settings.MinRounds is %d and MaxRounds %d, want 1 or more, and the second not below the first", s.MinRounds, s.MaxRounds)
	}
	return s, nil
}
