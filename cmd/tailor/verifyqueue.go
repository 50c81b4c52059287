package main

import (
	"context"

	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/pipeline"
)

// verifyQueueFlags name a queue whose workers measure a winner.
type verifyQueueFlags struct {
	Queue string `help:"Have it measured by the workers of this queue: its accuracy by a machine that computes as this one, its latency by one that lends the device which that was measured on: nats://HOST:PORT or tls://HOST:PORT." placeholder:"URL" without:"runtime|device"`
	accessFlags
}

// open connects to the queue, if one is named, and says who measures the winner there.
func (f verifyQueueFlags) open(ctx context.Context, g *Globals, winner string) (
	e *pipeline.Elsewhere, done func(), err error) {
	if f.Queue == "" {
		return nil, func() {}, nil
	}
	conn, err := f.dial(ctx, g, f.Queue)
	if err != nil {
		return nil, nil, err
	}
	workers, err := conn.Workers(ctx)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	say, of := func(text string) { g.say("%s", text) }, pipeline.ClaimedIdentity(winner)
	e = &pipeline.Elsewhere{Untested: untested(workers), Untimed: untimed(workers, of)}
	if e.Untested == "" {
		e.Tester = &jobs.Tester{Queue: conn, Say: say}
	}
	if e.Untimed == "" {
		e.Timer = &jobs.DeviceAsker{Queue: conn, Class: jobs.ClassOf(of), Say: say}
	}
	return e, conn.Close, nil
}
