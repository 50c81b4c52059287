package device

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
)

// Conditions says what the machine was doing during a measurement. None of it
// enters the figures; it helps to tell why they scatter. What could not be
// learned is absent, and Unavailable says why. Mind that a busy sibling
// hyperthread, the worst disturbance of all, shows in none of them.
type Conditions struct {
	// StealShare is the part of processor time that the hypervisor gave away.
	StealShare *float64 `json:"steal_share,omitempty"`
	// PSISomeShare is the part of the time in which some task of the machine
	// waited for a processor; PSISomeAvg10Percent is the kernel's own average
	// over the last ten seconds.
	PSISomeShare        *float64 `json:"psi_cpu_some_share,omitempty"`
	PSISomeAvg10Percent *float64 `json:"psi_cpu_some_avg10_percent,omitempty"`
	LoadAverage         *float64 `json:"load_average_1min,omitempty"` // at the end
	// InvoluntarySwitches counts how often a thread of this process was taken
	// off its processor.
	InvoluntarySwitches *float64          `json:"involuntary_switches,omitempty"`
	ThrottleEvents      *float64          `json:"throttle_events,omitempty"`
	Unavailable         map[string]string `json:"unavailable,omitempty"`
}

// Observation is the state of the system's counters at one moment. As JSON it goes from the device
// that it was made on to where the measurement is evaluated.
type Observation struct {
	At           time.Time `json:"at"`
	StealSeconds float64   `json:"steal_seconds"` // of all processors since boot
	TotalSeconds float64   `json:"total_seconds"`
	BusySeconds  float64   `json:"busy_seconds"`        // neither idle nor waiting
	PSIMicros    float64   `json:"psi_cpu_some_micros"` // since boot
	PSIAvg10     float64   `json:"psi_cpu_some_avg10_percent"`
	Load         float64   `json:"load_average_1min"`
	Switches     float64   `json:"involuntary_switches"`
	Throttle     float64   `json:"throttle_events"`
	// Energy has the counters of processor packages, by name.
	Energy map[string]EnergyCounter `json:"energy,omitempty"`
	// Missing says why something is not known, by its JSON name in Conditions, or "energy".
	Missing map[string]string `json:"missing,omitempty"`
}

// Observe reads the counters of the machine this process runs on.
func Observe() Observation { return observe(hostFiles()) }

func observe(root fs.FS) Observation {
	o := Observation{At: time.Now(), Missing: map[string]string{}}
	files := kernelFiles{root}
	var err error
	o.StealSeconds, o.BusySeconds, o.TotalSeconds, err = processorTimes()
	o.miss("steal_share", err)
	stalled, err := files.pressure()
	o.PSIMicros, o.PSIAvg10 = stalled.totalMicros, stalled.avg10Percent
	o.miss("psi_cpu_some_share", err)
	o.miss("psi_cpu_some_avg10_percent", err)
	o.Load, err = loadAverage()
	o.miss("load_average_1min", err)
	o.Switches, err = involuntarySwitches()
	o.miss("involuntary_switches", err)
	throttle, err := files.throttleEvents()
	o.Throttle = float64(throttle)
	o.miss("throttle_events", err)
	o.Energy, err = files.energyCounters()
	o.miss("energy", err)
	return o
}

func (o Observation) miss(key string, err error) {
	if err != nil {
		o.Missing[key] = oneLine(err)
	}
}

// Until returns what happened between o and end.
func (o Observation) Until(end Observation) Conditions {
	c := Conditions{Unavailable: map[string]string{}}
	report := func(key string, into **float64, value float64) {
		for _, side := range []Observation{o, end} {
			if reason, missing := side.Missing[key]; missing {
				c.Unavailable[key] = reason
				return
			}
		}
		*into = &value
	}
	micros := float64(end.At.Sub(o.At).Microseconds())
	report("steal_share", &c.StealShare,
		share(end.StealSeconds-o.StealSeconds, end.TotalSeconds-o.TotalSeconds))
	report("psi_cpu_some_share", &c.PSISomeShare,
		share(end.PSIMicros-o.PSIMicros, micros))
	report("psi_cpu_some_avg10_percent", &c.PSISomeAvg10Percent, end.PSIAvg10)
	report("load_average_1min", &c.LoadAverage, end.Load)
	report("involuntary_switches", &c.InvoluntarySwitches, max(end.Switches-o.Switches, 0))
	report("throttle_events", &c.ThrottleEvents, max(end.Throttle-o.Throttle, 0))
	return c
}

// Disturbed says what else had the processors during a measurement, if that was so much that its
// figures are in doubt; empty if it was not, or is not known.
func (c Conditions) Disturbed() string {
	switch {
	case c.PSISomeShare != nil && *c.PSISomeShare > disturbingStall:
		return fmt.Sprintf("programs waited for a processor for %.0f %% of the time",
			100**c.PSISomeShare)
	case c.StealShare != nil && *c.StealShare > disturbingSteal:
		return fmt.Sprintf("other virtual machines had the processors for %.0f %% of the time",
			100**c.StealShare)
	}
	return ""
}

// Check refuses shares that no measurement gives, as somebody's file may have them.
func (c Conditions) Check() error {
	for _, s := range []struct {
		name  string
		share *float64
	}{{"steal_share", c.StealShare}, {"psi_cpu_some_share", c.PSISomeShare}} {
		if s.share != nil && !(*s.share >= 0 && *s.share <= 1) {
			return fmt.Errorf("conditions: %s is %g, expected 0 to 1", s.name, *s.share)
		}
	}
	return nil
}

// The share of time in which programs wait, and the share of processor time that is stolen, from
// which on what was measured is in doubt. On a machine that does nothing else they are below 0.02.
const (
	disturbingStall = 0.25
	disturbingSteal = 0.1
)

// BusyUntil is the part of all processors' time between o and end that they were in use, and
// whether it is known: 0 to 1, the part that others had if the process did nothing.
func (o Observation) BusyUntil(end Observation) (part float64, known bool) {
	whole := end.TotalSeconds - o.TotalSeconds
	return share(end.BusySeconds-o.BusySeconds, whole), whole > 0 && o.BusySeconds > 0
}

// share is part by whole, within 0 and 1 even if the counters tick apart.
func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(part/whole, 0), 1)
}

// processorTimes sums over all processors, in seconds since boot.
func processorTimes() (steal, busy, total float64, err error) {
	if runtime.GOOS != "linux" {
		// others count no stolen time, which is not the same as none
		return 0, 0, 0, errors.ErrUnsupported
	}
	times, err := cpu.Times(false)
	if err != nil {
		return 0, 0, 0, err
	}
	if len(times) == 0 {
		return 0, 0, 0, errors.New("the system reports no processor times")
	}
	t := times[0]
	// Guest time is part of user time already.
	total = t.User + t.System + t.Idle + t.Nice + t.Iowait + t.Irq + t.Softirq + t.Steal
	return t.Steal, total - t.Idle - t.Iowait, total, nil
}
