//go:build !windows

package timing

import "time"

// wallClock reads the monotonic clock, which has nanoseconds here.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func newClock() Clock { return wallClock{} }
