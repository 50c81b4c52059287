package timing

import (
	"testing"
	"time"
)

func TestSettingsDefaults(t *testing.T) {
	s, err := Defaults().complete()
	if err != nil {
		t.Fatal(err)
	}
	if s.WarmUp != 200*time.Millisecond || s.MinSample != 200*time.Microsecond ||
		s.MinSpan != 4*time.Second ||
		s.MinRounds != 10 || s.MaxRounds != 1000 || s.Budget != 20*time.Second ||
		s.Target != 0.02 || s.Clock == nil {
		t.Errorf("defaults %+v", s)
	}
	few := Defaults()
	few.MaxRounds, few.Budget = 3, time.Second
	s, err = few.complete()
	if err != nil || s.MinRounds != 3 || s.MinSpan != 200*time.Millisecond {
		t.Errorf("few rounds, little time: %+v, %v", s, err)
	}
	many := Defaults()
	many.MinRounds = 2000
	s, err = many.complete()
	if err != nil || s.MaxRounds != 2000 {
		t.Errorf("many rounds: %+v, %v", s, err)
	}
}

func TestClockGoesForward(t *testing.T) {
	clock := newClock()
	first := clock.Now()
	for range 1000 {
		next := clock.Now()
		if next.Before(first) {
			t.Fatalf("%v after %v", next, first)
		}
		first = next
	}
}
