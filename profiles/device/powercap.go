package device

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// EnergyCounter is a counter of the energy that a part of the machine took since it began.
type EnergyCounter struct {
	Microjoules float64 `json:"uj"`
	Range       float64 `json:"range_uj"` // after which it begins again at 0
}

var (
	errNoPowercap = errors.New("no powercap counter here")
	// ErrStill is returned where counters of energy did not move.
	ErrStill = errors.New("the energy counters stand still")
)

// energyCounters reads the counters of the powercap class, by the names of processor packages.
// Other zones are parts of these (cores, memory) or contain them (the platform), and would count
// twice; so would the second way to a package that some processors have.
func (k kernelFiles) energyCounters() (map[string]EnergyCounter, error) {
	if k.root == nil {
		return nil, errNoKernelFiles
	}
	zones := k.glob("sys/class/powercap/*/name")
	slices.SortStableFunc(zones, func(a, b string) int { // intel-rapl:0 before intel-rapl-mmio:0
		return cmp.Compare(len(a), len(b))
	})
	all := map[string]EnergyCounter{}
	for _, zone := range zones {
		name, err := k.text(zone)
		if _, known := all[name]; err != nil || known || !strings.HasPrefix(name, "package-") {
			continue
		}
		dir := path.Dir(zone)
		now, err := k.number(dir + "/energy_uj")
		if err != nil { // a part of the packages says nothing of the machine
			return nil, fmt.Errorf("powercap counter of %.40q: %w", name, err)
		}
		most, err := k.number(dir + "/max_energy_range_uj")
		if err != nil {
			return nil, fmt.Errorf("powercap counter of %.40q: range: %w", name, err)
		}
		if most <= 0 || now < 0 || now > most {
			return nil, fmt.Errorf("powercap counter of %.40q: %d uJ of a range of %d", name, now,
				most)
		}
		all[name] = EnergyCounter{float64(now), float64(most)}
	}
	if len(all) == 0 {
		return nil, errNoPowercap
	}
	return all, nil
}

// EnergyUntil is what the packages took between o and end, in millijoules: less than the range of
// a counter, which may have begun again once. [ErrStill] says that no counter moved.
func (o Observation) EnergyUntil(end Observation) (mj float64, err error) {
	for _, side := range []Observation{o, end} {
		if reason, missing := side.Missing["energy"]; missing {
			return 0, errors.New(reason)
		}
	}
	if len(o.Energy) == 0 {
		return 0, errNoPowercap
	}
	if len(o.Energy) != len(end.Energy) {
		return 0, fmt.Errorf("there were %d energy counters, then %d", len(o.Energy),
			len(end.Energy))
	}
	for name, before := range o.Energy {
		after, ok := end.Energy[name]
		if !ok {
			return 0, fmt.Errorf("energy counter of %.40q: is gone", name)
		}
		took := after.Microjoules - before.Microjoules
		if took < 0 {
			took += before.Range
		}
		if !(took >= 0 && took <= before.Range) {
			return 0, fmt.Errorf("energy counter of %.40q: %g uJ, then %g of a range of %g", name,
				before.Microjoules, after.Microjoules, before.Range)
		}
		mj += took / 1000
	}
	if !(mj > 0) {
		return 0, ErrStill
	}
	return mj, nil
}
