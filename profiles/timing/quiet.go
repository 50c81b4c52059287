package timing

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Quieted is a goroutine that is left alone. None is nil.
type Quieted struct {
	limit   int64 // of memory, as it was
	percent int   // of the collector, as it was
	unpin   func() error
}

// Quiet keeps the scheduler and the collector away from the calling goroutine until Restore is
// called, on the same goroutine. With pin, which only Linux can, the thread stays on one processor.
func Quiet(pin bool) (*Quieted, error) {
	runtime.LockOSThread()
	q := &Quieted{limit: debug.SetMemoryLimit(-1), unpin: func() error { return nil }}
	if pin {
		var err error
		if q.unpin, err = pinThread(); err != nil {
			runtime.UnlockOSThread()
			return nil, fmt.Errorf("timing: pinning the measuring thread: %w", err)
		}
	}
	q.makeRoom()
	q.percent = debug.SetGCPercent(-1)
	return q, nil
}

// makeRoom lets the heap grow so far from where it is. A subject that allocates after all must not
// exhaust memory: beyond, the collector comes in again, and then it does not leave, so that what
// subjects keep must be there before.
func (q *Quieted) makeRoom() {
	const headroom = 512 << 20
	if q == nil {
		return
	}
	if used := memoryInUse(); used < math.MaxInt64-headroom {
		debug.SetMemoryLimit(min(q.limit, used+headroom))
	}
}

// Restore ends it.
func (q *Quieted) Restore() error {
	if q == nil {
		return nil
	}
	debug.SetGCPercent(q.percent)
	debug.SetMemoryLimit(q.limit)
	err := q.unpin()
	runtime.UnlockOSThread()
	if err != nil {
		return fmt.Errorf("timing: freeing the measuring thread: %w", err)
	}
	return nil
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
