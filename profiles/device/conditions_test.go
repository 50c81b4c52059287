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

// What others had of the processors is in doubt from a quarter of the time on, of other virtual
// machines from a tenth; what is not known says nothing.
func TestDisturbed(t *testing.T) {
	part := func(v float64) *float64 { return &v }
	const waited = "programs waited for a processor for 93 % of the time"
	const stolen = "other virtual machines had the processors for 20 % of the time"
	for want, c := range map[string]Conditions{
		"":     {PSISomeShare: part(0.02), StealShare: part(0.01)},
		waited: {PSISomeShare: part(0.93)},
		stolen: {StealShare: part(0.2)},
	} {
		if got := c.Disturbed(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := (Conditions{}).Disturbed(); got != "" {
		t.Errorf("unknown: %q", got)
	}
}

// What of the processors was in use is the share of time that was not idle; two looks that do not
// know tell nothing.
func TestBusyUntil(t *testing.T) {
	was := Observation{BusySeconds: 50, TotalSeconds: 1000}
	if busy, known := was.BusyUntil(Observation{BusySeconds: 51, TotalSeconds: 1004}); !known ||
		busy != 0.25 {
		t.Errorf("%g, %v, want 0.25", busy, known)
	}
	if _, known := (Observation{}).BusyUntil(Observation{}); known {
		t.Error("nothing is known, and told")
	}
	if o := Observe(); o.Missing["steal_share"] == "" && !(o.BusySeconds > 0 &&
		o.BusySeconds <= o.TotalSeconds) {
		t.Errorf("%g s busy of %g s", o.BusySeconds, o.TotalSeconds)
	}
}
