package device

import (
	"errors"
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

// Observation is the state of the system's counters at one moment.
type Observation struct {
	at                       time.Time
	steal, total             float64 // seconds of all processors since boot
	pressure                 pressure
	load, switches, throttle float64
	missing                  map[string]string // by JSON name of Conditions
}

// Observe reads the counters of the machine this process runs on.
func Observe() Observation { return observe(hostFiles()) }

func observe(root fs.FS) Observation {
	o := Observation{at: time.Now(), missing: map[string]string{}}
	files := kernelFiles{root}
	var err error
	o.steal, o.total, err = processorTimes()
	o.miss("steal_share", err)
	o.pressure, err = files.pressure()
	o.miss("psi_cpu_some_share", err)
	o.miss("psi_cpu_some_avg10_percent", err)
	o.load, err = loadAverage()
	o.miss("load_average_1min", err)
	o.switches, err = involuntarySwitches()
	o.miss("involuntary_switches", err)
	throttle, err := files.throttleEvents()
	o.throttle = float64(throttle)
	o.miss("throttle_events", err)
	return o
}

func (o Observation) miss(key string, err error) {
	if err != nil {
		o.missing[key] = oneLine(err)
	}
}

// Until returns what happened between o and end.
func (o Observation) Until(end Observation) Conditions {
	c := Conditions{Unavailable: map[string]string{}}
	report := func(key string, into **float64, value float64) {
		for _, side := range []Observation{o, end} {
			if reason, missing := side.missing[key]; missing {
				c.Unavailable[key] = reason
				return
			}
		}
		*into = &value
	}
	micros := float64(end.at.Sub(o.at).Microseconds())
	report("steal_share", &c.StealShare, share(end.steal-o.steal, end.total-o.total))
	report("psi_cpu_some_share", &c.PSISomeShare,
		share(end.pressure.totalMicros-o.pressure.totalMicros, micros))
	report("psi_cpu_some_avg10_percent", &c.PSISomeAvg10Percent, end.pressure.avg10Percent)
	report("load_average_1min", &c.LoadAverage, end.load)
	report("involuntary_switches", &c.InvoluntarySwitches, max(end.switches-o.switches, 0))
	report("throttle_events", &c.ThrottleEvents, max(end.throttle-o.throttle, 0))
	return c
}

// share is part by whole, within 0 and 1 even if the counters tick apart.
func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(part/whole, 0), 1)
}

// processorTimes sums over all processors, in seconds since boot.
func processorTimes() (steal, total float64, err error) {
	if runtime.GOOS != "linux" {
		// others count no stolen time, which is not the same as none
		return 0, 0, errors.ErrUnsupported
	}
	times, err := cpu.Times(false)
	if err != nil {
		return 0, 0, err
	}
	if len(times) == 0 {
		return 0, 0, errors.New("the system reports no processor times")
	}
	t := times[0]
	// Guest time is part of user time already.
	total = t.User + t.System + t.Idle + t.Nice + t.Iowait + t.Irq + t.Softirq + t.Steal
	return t.Steal, total, nil
}
