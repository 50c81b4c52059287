package reference

import (
	"sync"
	"sync/atomic"
)

// Pool runs tasks on a fixed number of goroutines. It is used by one caller at a time.
type Pool struct {
	workers int
	wake    chan struct{}
	pending sync.WaitGroup
	task    func(int)
	tasks   int64
	next    atomic.Int64
}

// NewPool starts a pool; close it when done. One worker means that tasks run in the caller.
func NewPool(workers int) *Pool {
	p := &Pool{workers: max(workers, 1), wake: make(chan struct{})}
	for range p.workers - 1 {
		go func() {
			for range p.wake {
				p.drain()
				p.pending.Done()
			}
		}()
	}
	return p
}

// Close ends the goroutines.
func (p *Pool) Close() { close(p.wake) }

// Workers is the number of goroutines that run tasks.
func (p *Pool) Workers() int { return p.workers }

// Run calls task(0) to task(n-1), in any order and at once, and returns when all are done.
func (p *Pool) Run(n int, task func(i int)) {
	helpers := min(p.workers, n) - 1
	if helpers <= 0 {
		for i := range n {
			task(i)
		}
		return
	}
	p.task, p.tasks = task, int64(n)
	p.next.Store(0)
	p.pending.Add(helpers)
	for range helpers {
		p.wake <- struct{}{}
	}
	p.drain()
	p.pending.Wait()
	p.task = nil
}

func (p *Pool) drain() {
	for {
		i := p.next.Add(1) - 1
		if i >= p.tasks {
			return
		}
		p.task(int(i))
	}
}
