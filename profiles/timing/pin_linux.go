package timing

import (
	"errors"

	"golang.org/x/sys/unix"
)

// pinThread binds the calling thread, which must be locked to its goroutine,
// to one processor: the last it may use, as interrupts prefer the first.
func pinThread() (unpin func() error, err error) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, err
	}
	last := -1
	for cpu := range len(before) * 64 {
		if before.IsSet(cpu) {
			last = cpu
		}
	}
	if last < 0 {
		return nil, errors.New("the affinity mask is empty")
	}
	var one unix.CPUSet
	one.Set(last)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return nil, err
	}
	return func() error { return unix.SchedSetaffinity(0, &before) }, nil
}
