package data

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/tailor-nas/tailor/internal/bug"
)

// Epoch yields the batches of an epoch in order, beginning at batch from. Workers prepare them
// ahead; order and contents depend on (Seed, epoch) alone. A batch is valid until the next
// iteration, as its buffers are reused. After an error, which comes with a nil batch, the sequence
// ends. When it has ended, by itself, by a break or by ctx, no goroutine of it is left.
func (l *Loader) Epoch(ctx context.Context, epoch, from int) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		end := l.Batches()
		if epoch < 0 || from < 0 || from > end {
			yield(nil, fmt.Errorf(
				"data: epoch %d from batch %d: want an epoch of 0 or more and a batch of 0 to %d",
				epoch, from, end))
			return
		}
		r := l.start(ctx, epoch, from, end)
		defer r.stop()
		for b := from; b < end; b++ {
			batch, err := r.wait(b)
			if err != nil {
				yield(nil, fmt.Errorf("data: epoch %d, batch %d: %w", epoch, b, err))
				return
			}
			if !yield(batch, nil) {
				return
			}
			r.order(b + len(r.slots))
		}
	}
}

// epochRun is one pass of Epoch. Batch b lives in slot b modulo their number, so a worker that is
// late holds up only the batches that come after its own.
type epochRun struct {
	loader *Loader
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	end    int
	slots  []*slot
	done   []chan error // of each slot, with room for its one result
	work   chan int     // batches to prepare, with room for all slots
}

// start takes buffers, sets the workers going and orders the first batches. The order of the epoch
// is drawn here, in the caller's goroutine, so that workers share it without a lock.
func (l *Loader) start(ctx context.Context, epoch, from, end int) *epochRun {
	// One buffer more than is prepared ahead, for the batch in use.
	n := min(l.config.Prefetch+1, end-from)
	r := &epochRun{loader: l, end: end, work: make(chan int, n)}
	r.ctx, r.cancel = context.WithCancel(ctx)
	for range n {
		r.slots = append(r.slots, l.take())
		r.done = append(r.done, make(chan error, 1))
	}
	order := l.order(epoch)
	// More workers than buffers would only wait.
	for range min(l.config.Workers, n) {
		r.wg.Go(func() {
			for b := range r.work {
				r.done[b%n] <- bug.Catch(func() error {
					return l.fill(r.ctx, r.slots[b%n], epoch, b,
						order)
				})
			}
		})
	}
	for b := from; b < from+n; b++ {
		r.order(b)
	}
	return r
}

// order has batch b prepared, if there is one, in the slot of the batch that was used last.
func (r *epochRun) order(b int) {
	if b < r.end {
		r.work <- b
	}
}

// wait gives batch b when it is ready. The context is looked at first: without that, a cancelled
// epoch would go on for as long as batches happen to be ready.
func (r *epochRun) wait(b int) (*Batch, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	at := b % len(r.slots)
	select {
	case err := <-r.done[at]:
		return &r.slots[at].batch, err
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
}

// stop ends the workers, who look at the context before each image, and gives the buffers back.
func (r *epochRun) stop() {
	r.cancel()
	close(r.work)
	r.wg.Wait()
	r.loader.give(r.slots)
}
