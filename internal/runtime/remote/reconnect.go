package remote

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrChanged says that a connection was made again, and what answers is another device, or has
// another runtime.
var ErrChanged = errors.New("it is not what it was when the measurement began")

// tries is how often a request is made: one that ends every agent is not the connection's fault.
const tries = 3

// pauses are waited for between attempts to reach a device again.
var pauses = []time.Duration{0, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
	20 * time.Second, 30 * time.Second}

// do uses the agent. One on a device that is lost meanwhile is started again, and used anew.
func (r *Runtime) do(ctx context.Context, use func(*process) error) error {
	for try := 1; ; try++ {
		p, err := r.running(ctx)
		if err != nil {
			return err
		}
		err = use(p)
		if !r.place.elsewhere() || !canGoOn(err) || try == tries || ctx.Err() != nil {
			return err
		}
	}
}

// running gives the agent, started again if it is lost.
func (r *Runtime) running(ctx context.Context) (*process, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.place.elsewhere() || !r.agent.lost() || !canGoOn(r.agent.dead) {
		return r.agent, nil
	}
	lost, began := r.agent.dead, time.Now()
	var err error
	for _, pause := range pauses {
		if err = wait(ctx, pause); err != nil {
			break
		}
		if err = r.startAgain(ctx); err == nil {
			r.warn(fmt.Sprintf("%s was lost (%v) and reached again after %.1f s; it goes on",
				r.place.Device, lost, time.Since(began).Seconds()))
			return r.agent, nil
		}
		if errors.Is(err, ErrChanged) || errors.Is(err, ErrMissing) {
			break
		}
	}
	return nil, fmt.Errorf("%s was lost and could not be reached again: %w; it was lost since: %w",
		r.place.Device, err, lost)
}

// startAgain starts another agent, which must be on the same device with the same runtime.
func (r *Runtime) startAgain(ctx context.Context) error {
	agent, about, found, err := r.place.start(ctx)
	if err != nil {
		return err
	}
	info := infoOf(found, r.place.Config)
	info.Threads, info.Batch = r.info.Threads, r.info.Batch
	if about.Device.ID != r.device.ID || info.ID() != r.info.ID() {
		_ = agent.close() // the error below says more
		return fmt.Errorf("%w: device %s with %s, expected %s with %s", ErrChanged,
			about.Device.ID, info.ID(), r.device.ID, r.info.ID())
	}
	r.agent = agent
	return nil
}

func (r *Runtime) warn(text string) {
	if r.place.Warn != nil {
		r.place.Warn(text)
	}
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
