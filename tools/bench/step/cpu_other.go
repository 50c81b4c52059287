//go:build !unix

package main

// cpuSeconds is 0: this system is not asked for the time that processors spent on a process.
func cpuSeconds() float64 { return 0 }
