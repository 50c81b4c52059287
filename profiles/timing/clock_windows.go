package timing

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// counterClock reads the performance counter (usually 100 ns): time.Now
// follows the timer interrupt on Windows, half a millisecond or more.
type counterClock struct {
	query        *windows.LazyProc
	start        time.Time
	first, ticks int64
	perSecond    int64
}

func newClock() Clock {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	c := &counterClock{query: kernel.NewProc("QueryPerformanceCounter"), start: time.Now()}
	frequency := kernel.NewProc("QueryPerformanceFrequency")
	// Neither call fails on any Windows that Go supports; were one to, the
	// clock would stand still and Measure would say so.
	_, _, _ = frequency.Call(uintptr(unsafe.Pointer(&c.perSecond)))
	_, _, _ = c.query.Call(uintptr(unsafe.Pointer(&c.first)))
	return c
}

func (c *counterClock) Now() time.Time {
	_, _, _ = c.query.Call(uintptr(unsafe.Pointer(&c.ticks)))
	if c.perSecond == 0 {
		return c.start
	}
	// Whole seconds apart: ticks times 1e9 would overflow after some hours.
	n := c.ticks - c.first
	return c.start.Add(time.Duration(n/c.perSecond)*time.Second +
		time.Duration(n%c.perSecond*int64(time.Second)/c.perSecond))
}
