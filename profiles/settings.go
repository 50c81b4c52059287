package profiles

import (
	"fmt"
	"time"
)

// Settings steers [Measure]. The zero value of each field is its default.
type Settings struct {
	// WarmUp is how long each subject runs before it is timed (200 ms), and at
	// least five times. Many subjects share a tenth of Budget instead.
	WarmUp time.Duration
	// MinSample is the least that is timed at once (200 µs): shorter subjects
	// are repeated, so that reading the clock costs nothing that counts.
	MinSample time.Duration
	// MinSpan spreads the rounds of a subject over time before it may count as
	// settled (2 s, at most a quarter of Budget): a disturbance often lasts
	// longer than the first rounds.
	MinSpan time.Duration
	// MinRounds (10) and MaxRounds (1000) bound the samples of a subject.
	MinRounds, MaxRounds int
	// Budget is for the whole measurement (20 s), warm-up included. The first
	// round is completed whatever it takes, so that every subject has a figure.
	Budget time.Duration
	// Target is the relative width of the 95 % interval at which a subject has
	// settled (0.02).
	Target float64
	// Seed decides the order of subjects in each round.
	Seed uint64
	// Pin keeps the measuring thread on one processor; only Linux can. It is
	// for runtimes that compute on the calling thread: threads that native code
	// starts meanwhile inherit the restriction.
	Pin bool
	// Clock replaces the real clock.
	Clock Clock
	// Progress, if set, is called between rounds, never inside a timed loop.
	Progress func(Progress)
}

// Progress says how far a measurement is.
type Progress struct {
	Subjects, WarmedUp, Settled, Rounds int
	Elapsed, Budget                     time.Duration
}

// withDefaults fills in zero fields and refuses what makes no sense.
func (s Settings) withDefaults() (Settings, error) {
	for _, d := range []struct {
		name  string
		value *time.Duration
		zero  time.Duration
	}{
		{"WarmUp", &s.WarmUp, 200 * time.Millisecond},
		{"MinSample", &s.MinSample, 200 * time.Microsecond},
		{"MinSpan", &s.MinSpan, 2 * time.Second},
		{"Budget", &s.Budget, 20 * time.Second},
	} {
		if *d.value < 0 {
			return s, fmt.Errorf("profiles: Settings.%s is %v, want a positive duration or zero for %v", d.name, *d.value, d.zero)
		}
		if *d.value == 0 {
			*d.value = d.zero
		}
	}
	s.MinSpan = min(s.MinSpan, s.Budget/4)
	if s.Target == 0 {
		s.Target = 0.02
	}
	if s.Clock == nil {
		s.Clock = newClock()
	}
	return s.withRounds()
}

func (s Settings) withRounds() (Settings, error) {
	if !(s.Target > 0 && s.Target < 1) { // also refuses NaN
		return s, fmt.Errorf("profiles: Settings.Target is %v, want a relative width between 0 and 1, or zero for 0.02", s.Target)
	}
	if s.MinRounds < 0 || s.MaxRounds < 0 {
		return s, fmt.Errorf("profiles: Settings.MinRounds %d and MaxRounds %d must not be negative", s.MinRounds, s.MaxRounds)
	}
	if s.MinRounds == 0 {
		s.MinRounds = 10
		if s.MaxRounds > 0 {
			s.MinRounds = min(s.MinRounds, s.MaxRounds)
		}
	}
	if s.MaxRounds == 0 {
		s.MaxRounds = max(1000, s.MinRounds)
	}
	if s.MinRounds > s.MaxRounds {
		return s, fmt.Errorf("profiles: Settings.MinRounds %d exceeds MaxRounds %d", s.MinRounds, s.MaxRounds)
	}
	return s, nil
}
