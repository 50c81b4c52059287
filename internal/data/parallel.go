package data

import (
	"runtime"
	"sync"

	"github.com/tailor-nas/tailor/internal/bug"
)

// firstError keeps the error of the lowest index, so that which of several damaged images is
// reported does not depend on the number of goroutines.
type firstError struct {
	mu  sync.Mutex
	at  int
	err error
}

// set records an error of index at.
func (f *firstError) set(at int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil || at < f.at {
		f.at, f.err = at, err
	}
}

// get gives the error so far; it can still be replaced by one of a lower index.
func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// forEach calls f for 0..n-1 on all processors. Indices are handed out in order and f runs for all
// below a failing one, so the error it gives is that of the lowest failing index.
func forEach(n int, f func(i int) error) error {
	var (
		first firstError
		wg    sync.WaitGroup
		next  = make(chan int)
	)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				if err := bug.Catch(func() error { return f(i) }); err != nil {
					first.set(i, err)
				}
			}
		})
	}
	// Indices already handed out are finished after a failure, so all below the failing one have
	// run.
	for i := 0; i < n && first.get() == nil; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	return first.err
}
