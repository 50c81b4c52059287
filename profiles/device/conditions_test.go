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
	before := Observation{at: start, steal: 10, total: 1000, switches: 5, throttle: 1,
		pressure: pressure{avg10Percent: 1, totalMicros: 1e6}, missing: map[string]string{}}
	after := Observation{at: start.Add(4 * time.Second), steal: 12, total: 1008, switches: 25,
		throttle: 1, load: 1.5,
		pressure: pressure{avg10Percent: 30, totalMicros: 2e6}, missing: map[string]string{}}
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
	before := Observation{missing: map[string]string{}}
	after := Observation{missing: map[string]string{}}
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
