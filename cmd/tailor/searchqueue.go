package main

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/internal/winners"
)

// timersFlags name a queue whose workers lend the devices of latencies.
type timersFlags struct {
	Queue string `help:"Have winners timed by the workers of this queue that lend the device which a --latency is of: nats://HOST:PORT or tls://HOST:PORT." placeholder:"URL" with:"latency" without:"device"`
	accessFlags
}

// open gives each of the job's devices that a worker lends what times winners there.
func (f timersFlags) open(ctx context.Context, g *Globals, j *winners.Job) (done func(),
	err error) {
	conn, err := f.dial(ctx, g, f.Queue)
	if err != nil {
		return nil, err
	}
	workers, err := conn.Workers(ctx)
	if err != nil {
		conn.Close()
		return nil, err
	}
	lent := 0
	for i := range j.Devices {
		d := &j.Devices[i]
		class, err := classOf(workers, d.Latency.Device, remote.NameOf(d.Latency.Runtime))
		if err != nil {
			g.warn("winners are not timed by the queue for %s: %v", d.Name, err)
			continue
		}
		lent++
		d.Elsewhere = &jobs.Timer{Space: j.Space, Latency: d.Latency,
			DeviceAsker: jobs.DeviceAsker{Queue: conn, Class: class,
				Say: func(text string) { g.say("%s", text) }}}
	}
	if lent == 0 {
		conn.Close()
		return nil, fmt.Errorf("--queue %s: no worker lends a device that a --latency is of: tailor devices --queue lists them",
			f.Queue)
	}
	return conn.Close, nil
}
