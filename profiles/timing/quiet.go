package timing

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Quiet keeps the scheduler and the collector away from the calling goroutine until restore is
// called, on the same goroutine. With pin, which only Linux can, the thread stays on one processor.
func Quiet(pin bool) (restore func() error, err error) {
	runtime.LockOSThread()
	unpin := func() error { return nil }
	if pin {
		if unpin, err = pinThread(); err != nil {
			runtime.UnlockOSThread()
			return nil, fmt.Errorf("timing: pinning the measuring thread: %w", err)
		}
	}
	// A subject that allocates after all must not exhaust memory: the limit
	// lets the collector in again when the heap has grown that far.
	const headroom = 512 << 20
	limit := debug.SetMemoryLimit(-1)
	if used := memoryInUse(); used < math.MaxInt64-headroom {
		debug.SetMemoryLimit(min(limit, used+headroom))
	}
	percent := debug.SetGCPercent(-1)
	return func() error {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
		err := unpin()
		runtime.UnlockOSThread()
		if err != nil {
			return fmt.Errorf("timing: freeing the measuring thread: %w", err)
		}
		return nil
	}, nil
}

// memoryInUse is what SetMemoryLimit counts.
func memoryInUse() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// collector runs the garbage collection that is off during timed loops.
type collector struct {
	samples []metrics.Sample
	done    uint64 // bytes allocated when it last ran
}

func (c *collector) start() {
	c.samples = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	runtime.GC()
	c.done = c.allocated()
}

// between collects if it is worth it: a collection empties the caches that
// the next samples would have found warm.
func (c *collector) between() {
	const worth = 16 << 20
	if now := c.allocated(); now-c.done > worth {
		runtime.GC()
		c.done = now
	}
}

func (c *collector) allocated() uint64 {
	metrics.Read(c.samples)
	return c.samples[0].Value.Uint64()
}
