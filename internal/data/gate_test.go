package data

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestGate has many goroutines decode at once: what they take together stays within the budget, and
// an image beyond it is alone.
func TestGate(t *testing.T) {
	g := newGate()
	var (
		wg    sync.WaitGroup
		taken atomic.Int64
	)
	for i := range 64 {
		bytes := []int64{1 << 20, together / 3, together / 2, together, 3 * together}[i%5]
		wg.Go(func() {
			g.pass(bytes, func() {
				now := taken.Add(bytes)
				runtime.Gosched()
				if now > together && now != bytes {
					t.Errorf("an image of %d MiB is decoded beside others of %d", bytes>>20,
						(now-bytes)>>20)
				}
				taken.Add(-bytes)
			})
		})
	}
	wg.Wait()
	if !g.free.TryAcquire(together) {
		t.Error("not all of the budget came back")
	}
}
