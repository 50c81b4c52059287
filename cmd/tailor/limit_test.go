package main

import (
	"testing"

	"github.com/tailor-nas/tailor/search"
)

// TestLimits reads limits as they are and as shares, and refuses what is neither.
func TestLimits(t *testing.T) {
	for text, want := range map[string]int64{"50M": 50e6, "60%": 120, "0.5%": 1, "100%": 200} {
		var l countLimit
		if err := l.UnmarshalText([]byte(text)); err != nil || l.of(200) != want {
			t.Errorf("%s is %d, want %d (%v)", text, l.of(200), want, err)
		}
	}
	for text, want := range map[string]float64{"5ms": 5, "60%": 7.407, "1.5us": 0.0015} {
		var l timeLimit
		if err := l.UnmarshalText([]byte(text)); err != nil || l.ms(12.345678) != want {
			t.Errorf("%s is %g ms, want %g (%v)", text, l.ms(12.345678), want, err)
		}
	}
	for text, want := range map[string]float64{"5mJ": 5, "60%": 7.407, "1.5uJ": 0.0015, "0.25J": 250} {
		var l energyLimit
		if err := l.UnmarshalText([]byte(text)); err != nil || l.of(12.345678) != want {
			t.Errorf("%s is %g mJ, want %g (%v)", text, l.of(12.345678), want, err)
		}
	}
	for _, text := range []string{"5", "5 mJ", "5ms", "0mJ", "-1mJ", "1e3mJ", "MJ", "5MJ", "0%",
		"2000001J"} {
		if err := new(energyLimit).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as an energy", text)
		}
	}
	for _, text := range []string{"", "0%", "101%", "-5%", "5 %", "%", "NaN%", "1e1%", "0x1%"} {
		var c countLimit
		var d timeLimit
		if c.UnmarshalText([]byte(text)) == nil || d.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q is taken: %+v, %+v", text, c, d)
		}
	}
}

// TestPortion: 90% is 0.9; what is no number is refused.
func TestPortion(t *testing.T) {
	for text, want := range map[string]portion{"0.9": 0.9, "90%": 0.9, "5e-1": 0.5, "0%": 0} {
		var p portion
		if err := p.UnmarshalText([]byte(text)); err != nil || p != want {
			t.Errorf("%s is %v, want %v (%v)", text, p, want, err)
		}
	}
	for _, text := range []string{"", "%", "90%%", "half", "0.9 %"} {
		if err := new(portion).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// TestLatencyShares may be several, which are compared once it is known what the largest network
// takes.
func TestLatencyShares(t *testing.T) {
	c := searchCmd{MaxLatency: []timeLimit{{share: .8}, {share: .5}}}
	if _, err := c.limits(nil); err != nil {
		t.Errorf("80%% and 50%% of an unknown latency: %v", err)
	}
	spans := []search.Span{{Cost: search.Latency, Largest: 10}}
	all, err := c.limits(spans)
	if err != nil || len(all) != 2 || all[0].LatencyMS != 8 || all[1].LatencyMS != 5 {
		t.Errorf("80%% and 50%% of 10 ms: %v, %v", all, err)
	}
	c.MaxLatency[1].share = .8
	if _, err := c.limits(spans); err == nil {
		t.Error("80% twice is taken")
	}
}
