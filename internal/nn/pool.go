package nn

import (
	"sync"
	"sync/atomic"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/ranks"
)

// Pool runs tasks on a fixed number of workers. It is used by one caller at a time.
type Pool struct {
	// Dense has networks multiply with the zeros of their weights too, from the next Bind on: for
	// comparing with that.
	Dense bool
	// Group, if not nil, trains together: of a batch each process has its [Pool.Share]. Networks
	// that only infer run whole in each.
	Group ranks.Group

	workers int
	wake    chan int
	pending sync.WaitGroup
	task    func(worker, i int)
	tasks   int64
	next    atomic.Int64

	panicked atomic.Pointer[bug.Error] // in a helper
}

// NewPool starts a pool; close it when done. One worker means that tasks run in the caller.
func NewPool(workers int) *Pool {
	p := &Pool{workers: max(workers, 1), wake: make(chan int)}
	for range p.workers - 1 {
		go func() {
			for worker := range p.wake {
				p.help(worker)
			}
		}()
	}
	return p
}

// Close ends the workers.
func (p *Pool) Close() { close(p.wake) }

// Workers is the number of workers.
func (p *Pool) Workers() int { return p.workers }

// Run calls task(w, 0) to task(w, n-1), in any order and at once, and returns when all are done. w
// is the number of the worker, from 0: no two tasks run at once with the same.
func (p *Pool) Run(n int, task func(worker, i int)) {
	helpers := min(p.workers, n) - 1
	if helpers <= 0 {
		for i := range n {
			task(0, i)
		}
		return
	}
	p.task, p.tasks = task, int64(n)
	p.next.Store(0)
	p.pending.Add(helpers)
	for w := range helpers {
		p.wake <- w + 1
	}
	p.drain(0)
	p.pending.Wait()
	p.task = nil
	if e := p.panicked.Load(); e != nil {
		panic(e)
	}
}

// help works beside the caller of Run, which takes over a panic.
func (p *Pool) help(worker int) {
	defer p.pending.Done()
	defer p.keepPanic()
	p.drain(worker)
}

func (p *Pool) keepPanic() {
	if v := recover(); v != nil {
		p.panicked.Store(bug.New(v))
	}
}

func (p *Pool) drain(worker int) {
	for {
		i := p.next.Add(1) - 1
		if i >= p.tasks {
			return
		}
		p.task(worker, int(i))
	}
}
