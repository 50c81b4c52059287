//go:build linux || darwin

package device

import (
	"github.com/shirou/gopsutil/v3/load"
	"golang.org/x/sys/unix"
)

func loadAverage() (float64, error) {
	avg, err := load.Avg()
	if err != nil {
		return 0, err
	}
	return avg.Load1, nil
}

// involuntarySwitches counts all threads: a runtime may have its own.
func involuntarySwitches() (float64, error) {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return float64(usage.Nivcsw), nil
}
