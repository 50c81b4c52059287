//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuSeconds is the processor time of this process so far, of all its threads; 0 if the system does
// not tell.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}
