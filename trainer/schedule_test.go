package trainer

import (
	"errors"
	"math"
	"testing"
)

func mustDefaults(t *testing.T, c Config) Config {
	t.Helper()
	c, err := c.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDepSSchedule follows DepS's own CIFAR settings, T = 200, W = 100, s = 5, with 10 steps an epoch.
func TestDepSSchedule(t *testing.T) {
	c := mustDefaults(t, Config{Epochs: 200})
	if c.WarmupEpochs != 100 || c.EpsilonEpochs != 5 {
		t.Fatalf("W = %g and s = %g, want 100 and 5", c.WarmupEpochs, c.EpsilonEpochs)
	}
	s := newSchedule(c, 10)
	if s.steps != 2000 || s.sort != 950 || s.full != 1000 {
		t.Fatalf("steps %d, sort %d, full %d; want 2000, 950, 1000", s.steps, s.sort, s.full)
	}
	if got := s.rate(0); got != 0.1 {
		t.Errorf("rate at the start is %g, want 0.1", got)
	}
	if got := s.rate(1000); math.Abs(got-0.05) > 1e-15 {
		t.Errorf("rate in the middle is %g, want 0.05", got)
	}
	if got := s.rate(2000); got > 1e-17 {
		t.Errorf("rate at the end is %g, want 0", got)
	}
	for step, want := range map[int]float64{0: 0, 949: 0, 1000: 1, 1999: 1} {
		if got := s.epsilon(step); got != want {
			t.Errorf("epsilon at %d is %g, want %g", step, got, want)
		}
	}
	// The effective rate of the sub-networks rises by a fiftieth of its goal a step and reaches it with the last.
	for i := range 50 {
		got, want := s.epsilon(950+i)*s.rate(950+i), 0.05*float64(i+1)/50
		if math.Abs(got-want) > 1e-15 {
			t.Errorf("effective rate at step %d of the ramp is %g, want %g", i, got, want)
		}
	}
}

func TestScheduleOfRivals(t *testing.T) {
	full := newSchedule(mustDefaults(t, Config{Strategy: Full, Epochs: 3}), 7)
	if full.sort != 21 {
		t.Errorf("full starts shrinking at step %d, want never (21)", full.sort)
	}
	big := newSchedule(mustDefaults(t, Config{Strategy: BigNAS, Epochs: 3}), 7)
	if big.sort != 0 || big.epsilon(0) != 1 {
		t.Errorf("bignas starts shrinking at step %d with weight %g, want 0 and 1", big.sort, big.epsilon(0))
	}
}

func TestShortRunsKeepTheOrder(t *testing.T) {
	c := mustDefaults(t, Config{Epochs: 2})
	s := newSchedule(c, 400)
	if !(0 < s.sort && s.sort < s.full && s.full < s.steps) {
		t.Errorf("sort %d, full %d, steps %d: warm-up, ramp and shrinking must all take place", s.sort, s.full, s.steps)
	}
}

func TestConfigRefuses(t *testing.T) {
	for name, c := range map[string]Config{
		"unknown strategy":       {Strategy: "adam"},
		"negative epochs":        {Epochs: -1},
		"batch of one":           {Batch: 1},
		"rate NaN":               {LR: math.NaN()},
		"momentum 1":             {Momentum: 1},
		"warm-up beyond the end": {Epochs: 10, WarmupEpochs: 11},
		"ramp before the start":  {Epochs: 10, WarmupEpochs: 2, EpsilonEpochs: 3},
		"one network":            {Networks: 1},
	} {
		if _, err := c.withDefaults(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: error is %v, want ErrConfig", name, err)
		}
	}
}
