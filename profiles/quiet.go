package profiles

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
)

// Quiet says how long to wait for a device to have nothing else to do.
type Quiet struct {
	AtMost time.Duration
	// Progress, if not nil, is told what others had of the processors in the last second, 0 to 1.
	Progress func(waited time.Duration, busy float64)
}

// A device is quiet when programs had at most quietShare of its processors in each of quietLooks
// seconds, one after the other: what runs now and then on an idle machine is below that.
const (
	quietShare = 0.05
	quietLooks = 3
	quietEvery = time.Second
)

// WaitQuiet waits until the device of a runtime has nothing else to do, and says whether it had in
// the end, and else what share of its processors others had in the last second. Where the system
// counts no processor time (it does on Linux) the share is the load of the last minute by the
// number of processors. A neighbour on the same chip whom the system does not know of is not seen.
func WaitQuiet(ctx context.Context, rt Runtime, q Quiet) (quiet bool, busy float64, err error) {
	there, err := DeviceOf(ctx, rt)
	if err != nil {
		return false, 0, err
	}
	look := func() (device.Observation, error) { return observeOn(ctx, rt) }
	return waitQuiet(ctx, q, there.CPU.LogicalCores, look, sleep)
}

func waitQuiet(ctx context.Context, q Quiet, processors int,
	look func() (device.Observation, error), sleep func(context.Context, time.Duration) error) (
	quiet bool, busy float64, err error) {
	was, err := look()
	if err != nil {
		return false, 0, err
	}
	calm := 0
	for waited := time.Duration(0); waited < q.AtMost; waited += quietEvery {
		if err := sleep(ctx, quietEvery); err != nil {
			return false, busy, err
		}
		now, err := look()
		if err != nil {
			return false, busy, err
		}
		if busy, err = others(was, now, processors); err != nil {
			return false, busy, err
		}
		was = now
		if busy > quietShare {
			calm = 0
		} else if calm++; calm == quietLooks {
			return true, busy, nil
		}
		if q.Progress != nil {
			q.Progress(waited+quietEvery, busy)
		}
	}
	return false, busy, nil
}

// others is the share of the processors that was in use between two looks.
func others(was, now device.Observation, processors int) (float64, error) {
	if busy, known := was.BusyUntil(now); known {
		return busy, nil
	}
	if why, missing := now.Missing["load_average_1min"]; missing {
		return 0, fmt.Errorf("%w: %s", ErrUnknownLoad, why)
	}
	return min(now.Load/float64(max(processors, 1)), 1), nil
}

// ErrUnknownLoad is returned where a system does not say how busy it is.
var ErrUnknownLoad = errors.New("how busy the device is cannot be told, so that nothing can wait for it to be quiet")

// sleep waits, but no longer than a context allows.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
