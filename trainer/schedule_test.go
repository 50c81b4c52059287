package trainer

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// changed are the defaults with a change.
func changed(t testing.TB, change func(*Config)) Config {
	t.Helper()
	c := Defaults()
	change(&c)
	c, err := c.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDepSSchedule follows DepS's own CIFAR settings, T = 200, W = 100, s = 5, with 10 steps an
// epoch.
func TestDepSSchedule(t *testing.T) {
	c := changed(t, func(c *Config) { c.Epochs = 200 })
	if c.WarmupEpochs != 100 || c.EpsilonEpochs != 5 {
		t.Fatalf("W = %g and s = %g, want 100 and 5", c.WarmupEpochs, c.EpsilonEpochs)
	}
	s := newSchedule(c, 10)
	if s.steps != 2000 || s.shrinkFrom != 950 || s.fullRateFrom != 1000 {
		t.Fatalf("steps %d, shrinkFrom %d, fullRateFrom %d; want 2000, 950, 1000", s.steps,
			s.shrinkFrom, s.fullRateFrom)
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
		if got := s.beta(step); got != want {
			t.Errorf("beta at %d is %g, want %g", step, got, want)
		}
	}
	// The effective rate of the sub-networks rises by a fiftieth of its goal a step and reaches it
	// with the last.
	for i := range 50 {
		got, want := s.beta(950+i)*s.rate(950+i), 0.05*float64(i+1)/50
		if math.Abs(got-want) > 1e-15 {
			t.Errorf("effective rate at step %d of the ramp is %g, want %g", i, got, want)
		}
	}
}

func TestScheduleOfRivals(t *testing.T) {
	full := newSchedule(changed(t, func(c *Config) { c.Strategy, c.Epochs = Full, 3 }), 7)
	if full.shrinkFrom != 21 {
		t.Errorf("full starts shrinking at step %d, want never (21)", full.shrinkFrom)
	}
	big := newSchedule(changed(t, func(c *Config) { c.Strategy, c.Epochs = BigNAS, 3 }), 7)
	if big.shrinkFrom != 0 || big.beta(0) != 1 {
		t.Errorf("bignas starts shrinking at step %d with weight %g, want 0 and 1", big.shrinkFrom,
			big.beta(0))
	}
}

func TestShortRunsKeepTheOrder(t *testing.T) {
	c := changed(t, func(c *Config) { c.Epochs = 2 })
	s := newSchedule(c, 400)
	if !(0 < s.shrinkFrom && s.shrinkFrom < s.fullRateFrom && s.fullRateFrom < s.steps) {
		t.Errorf("shrinkFrom %d, fullRateFrom %d, steps %d: warm-up, ramp and shrinking must all take place",
			s.shrinkFrom, s.fullRateFrom, s.steps)
	}
}

// TestConfigRefuses: what cannot be is refused by name, also where it is 0, which no default hides.
func TestConfigRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"strategy":       func(c *Config) { c.Strategy = "adam" },
		"epochs":         func(c *Config) { c.Epochs = 0 },
		"batch":          func(c *Config) { c.Batch = 1 },
		"lr":             func(c *Config) { c.LR = 0 },
		"lr is NaN":      func(c *Config) { c.LR = math.NaN() },
		"momentum":       func(c *Config) { c.Momentum = 1 },
		"weight decay":   func(c *Config) { c.WeightDecay = -1e-9 },
		"warm-up epochs": func(c *Config) { c.Epochs, c.WarmupEpochs = 10, 11 },
		"epsilon epochs": func(c *Config) { c.Epochs, c.WarmupEpochs, c.EpsilonEpochs = 10, 2, 3 },
		"networks":       func(c *Config) { c.Networks = 0 },
		"temperature":    func(c *Config) { c.Temperature = 0 },
	} {
		c := Defaults()
		change(&c)
		if _, err := c.Complete(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(),
			name) {
			t.Errorf("%s: error is %v, want ErrConfig that names it", name, err)
		}
	}
	if _, err := (Config{}).Complete(); !errors.Is(err, ErrConfig) {
		t.Errorf("without defaults: error is %v, want ErrConfig", err)
	}
}

// TestZeroIsZero: what may be 0 stays 0.
func TestZeroIsZero(t *testing.T) {
	c := changed(t, func(c *Config) {
		c.WeightDecay, c.Momentum, c.LabelSmoothing,
			c.WarmupEpochs = 0, 0, 0, 0
	})
	if c.WeightDecay != 0 || c.Momentum != 0 || c.LabelSmoothing != 0 || c.WarmupEpochs != 0 ||
		c.EpsilonEpochs != 0 {
		t.Errorf("zeros became %+v", c)
	}
	if s := newSchedule(c, 10); s.shrinkFrom != 0 || s.fullRateFrom != 0 || s.beta(0) != 1 {
		t.Errorf("without warm-up shrinking starts at %d, in full at %d, with weight %g; want 0, 0, 1", s.shrinkFrom, s.fullRateFrom, s.beta(0))
	}
}

// TestJobRefuses: so do the numbers of a job.
func TestJobRefuses(t *testing.T) {
	for name, change := range map[string]func(*Job){
		"holdout": func(j *Job) { j.Holdout = -2 }, "workers": func(j *Job) { j.Workers = 0 },
		"train images":      func(j *Job) { j.TrainImages = 0 },
		"test images":       func(j *Job) { j.TestImages = -5 },
		"validation images": func(j *Job) { j.ValImages = -1 },
		"save every":        func(j *Job) { j.SaveEvery = -1 },
	} {
		j := microJob(t, t.TempDir())
		change(&j)
		if _, err := Train(t.Context(), j); !errors.Is(err, ErrConfig) ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: error is %v, want ErrConfig that names it", name, err)
		}
	}
}

// TestHoldout: 0 keeps no image out of training, and the default a tenth.
func TestHoldout(t *testing.T) {
	for holdout, want := range map[int]int{0: 0, Auto: 18, 30: 30} {
		j := microJob(t, t.TempDir())
		j.Holdout = holdout
		_, d, err := newInfo(j, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d.Val.Len() != want {
			t.Errorf("holdout %d keeps %d images out, want %d", holdout, d.Val.Len(), want)
		}
	}
}
