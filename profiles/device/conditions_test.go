package device

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestConditions(t *testing.T) {
	start := time.Now()
	before := Observation{At: start, StealSeconds: 10, TotalSeconds: 1000, Switches: 5, Throttle: 1,
		PSIAvg10: 1, PSIMicros: 1e6, Missing: map[string]string{}}
	after := Observation{At: start.Add(4 * time.Second), StealSeconds: 12, TotalSeconds: 1008,
		Switches: 25, Throttle: 1, Load: 1.5, PSIAvg10: 30, PSIMicros: 2e6,
		Missing: map[string]string{}}
	c := before.Until(after)
	for name, v := range map[string]struct {
		got  *float64
		want float64
	}{
		"steal": {c.StealShare, 0.25}, "psi": {c.PSISomeShare, 0.25},
		"avg10": {c.PSISomeAvg10Percent, 30},
		"load":  {c.LoadAverage, 1.5}, "switches": {c.InvoluntarySwitches, 20},
		"throttle": {c.ThrottleEvents, 0},
	} {
		if v.got == nil || math.Abs(*v.got-v.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, v.got, v.want)
		}
	}
}

// What one of the two looks could not tell is absent, not zero.
func TestConditionsUnknown(t *testing.T) {
	before := Observation{Missing: map[string]string{}}
	after := Observation{Missing: map[string]string{}}
	after.miss("steal_share", errors.New("not\nhere"))
	c := before.Until(after)
	if c.StealShare != nil || c.Unavailable["steal_share"] != "not here" {
		t.Errorf("steal %v, unavailable %v", c.StealShare, c.Unavailable)
	}
	if c.LoadAverage == nil || *c.LoadAverage != 0 {
		t.Errorf("a load of zero is known: %v", c.LoadAverage)
	}
	text, err := json.Marshal(c)
	if err != nil || strings.Contains(string(text), `"steal_share":0`) ||
		!strings.Contains(string(text), `"load_average_1min":0`) {
		t.Errorf("%s, %v", text, err)
	}
}

// On any machine each condition is known, sane, or explained.
func TestObserve(t *testing.T) {
	before := Observe()
	c := before.Until(Observe())
	for name, v := range map[string]*float64{
		"steal_share": c.StealShare, "psi_cpu_some_share": c.PSISomeShare,
		"psi_cpu_some_avg10_percent": c.PSISomeAvg10Percent,
		"load_average_1min":          c.LoadAverage, "involuntary_switches": c.InvoluntarySwitches,
		"throttle_events": c.ThrottleEvents,
	} {
		if (v == nil) != (c.Unavailable[name] != "") || v != nil && *v < 0 {
			t.Errorf("%s: %v, reason %q", name, v, c.Unavailable[name])
		}
	}
}
