package device

import (
	"errors"
	"maps"
	"math"
	"strings"
	"testing"
)

// zones are files of the powercap class: each "zone name energy range", without what is "-".
func zones(t *testing.T, lines ...string) kernelFiles {
	t.Helper()
	files := map[string]string{}
	for _, line := range lines {
		words := strings.Fields(line)
		for i, file := range []string{"name", "energy_uj", "max_energy_range_uj"} {
			if words[1+i] != "-" {
				files["sys/class/powercap/"+words[0]+"/"+file] = words[1+i] + "\n"
			}
		}
	}
	return tree(files)
}

// TestEnergyCounters: packages count, each once, and neither their parts nor what contains them.
func TestEnergyCounters(t *testing.T) {
	k := zones(t, "intel-rapl - - -", "intel-rapl:0 package-0 5000 90000",
		"intel-rapl:0:0 core 3000 90000", "intel-rapl:0:1 dram 1000 90000",
		"intel-rapl:1 package-1 7000 80000", "intel-rapl:2 psys 20000 90000",
		"intel-rapl-mmio:0 package-0 4000 70000")
	got, err := k.energyCounters()
	want := map[string]EnergyCounter{"package-0": {5000, 90000}, "package-1": {7000, 80000}}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// TestNoEnergyCounters: a counter that cannot be read, or is none, leaves the energy unknown.
func TestNoEnergyCounters(t *testing.T) {
	for want, k := range map[string]kernelFiles{
		"no powercap counter here":                         zones(t, "intel-rapl:0:0 core 3000 90000"),
		"counter of \"package-1\": open":                   zones(t, "a package-0 5 90", "b package-1 - 90"),
		"counter of \"package-0\": range: open":            zones(t, "a package-0 5 -"),
		"counter of \"package-0\": 95 uJ of a range of 90": zones(t, "a package-0 95 90"),
		"counter of \"package-0\": strconv":                zones(t, "a package-0 many 90"),
		"counter of \"package-0\": 1 uJ of a range of 0":   zones(t, "a package-0 1 0"),
	} {
		got, err := k.energyCounters()
		if err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v, want %s", got, err, want)
		}
		o := observe(k.root)
		if _, err := o.EnergyUntil(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("observed: %v, want %s", err, want)
		}
	}
	if _, err := (kernelFiles{}).energyCounters(); err == nil {
		t.Error("counters out of nothing")
	}
	if _, err := (Observation{}).EnergyUntil(Observation{}); err == nil {
		t.Error("energy of an observation of before")
	}
}

// TestEnergyUntil sums over packages, and goes on where a counter begins again.
func TestEnergyUntil(t *testing.T) {
	at := func(first, second string) Observation {
		return observe(zones(t, "a package-0 "+first+" 262143000000",
			"b package-1 "+second+" 1000000").root)
	}
	for _, c := range []struct {
		before, after Observation
		want          float64
	}{
		{at("1000", "2000"), at("4000", "2500"), 3.5},
		{at("262142999000", "999000"), at("500", "4000"), 1.5 + 5},
		{at("0", "7"), at("262143000000", "7"), 262143000},
	} {
		mj, err := c.before.EnergyUntil(c.after)
		if err != nil || math.Abs(mj-c.want) > 1e-9*c.want {
			t.Errorf("%g mJ (%v), want %g", mj, err, c.want)
		}
	}
	still := at("1000", "2000")
	if _, err := still.EnergyUntil(at("1000", "2000")); !errors.Is(err, ErrStill) {
		t.Errorf("of counters that stand still: %v", err)
	}
	one := observe(zones(t, "a package-0 9 100").root)
	_, err := one.EnergyUntil(still)
	if err == nil || !strings.Contains(err.Error(), "1 energy counters, then 2") {
		t.Errorf("counters came: %v", err)
	}
	other := observe(zones(t, "a package-7 9 100").root)
	if _, err = one.EnergyUntil(other); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("another counter: %v", err)
	}
}
