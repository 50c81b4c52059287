package main

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/profiles"
)

// winnersQueueFlags name a queue whose workers measure winners.
type winnersQueueFlags struct {
	Queue string `help:"Have winners measured by the workers of this queue: their accuracy by machines that compute as this one, their latency by those that lend the device which a --latency is of: nats://HOST:PORT or tls://HOST:PORT." placeholder:"URL" with:"run" without:"device"`
	accessFlags
}

// open gives the job what tests winners at the queue, and each of its devices that a worker lends
// what times them there. What nobody lends is measured as without a queue.
func (f winnersQueueFlags) open(ctx context.Context, g *Globals, j *winners.Job) (done func(),
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
	say := func(text string) { g.say("%s", text) }
	var missing []string
	if reason := untested(workers); reason == "" {
		j.Tester = &jobs.Tester{Queue: conn, Say: say}
	} else {
		missing = append(missing, "the accuracy of winners is measured here: "+reason)
	}
	for i := range j.Devices {
		d := &j.Devices[i]
		if d.Latency == nil {
			continue
		}
		of := profiles.Identity{Device: d.Latency.Device, Runtime: d.Latency.Runtime}
		if reason := untimed(workers, of); reason != "" {
			missing = append(missing, fmt.Sprintf("winners are not timed by the queue for %s: %s",
				d.Name, reason))
			continue
		}
		d.Elsewhere = &jobs.Timer{Space: j.Space, Latency: d.Latency,
			DeviceAsker: jobs.DeviceAsker{Queue: conn, Class: jobs.ClassOf(of), Say: say}}
	}
	if len(missing) == 1+len(j.Devices) {
		conn.Close()
		return nil, fmt.Errorf("--queue %s: no worker measures accuracies as this machine does, or lends a device that a --latency is of: tailor devices --queue lists them",
			f.Queue)
	}
	for _, text := range missing {
		g.warn("%s", text)
	}
	return conn.Close, nil
}

// untested says why no worker measures accuracies for this machine; empty where one does.
func untested(workers []queue.Live) string {
	if jobs.IsLent(workers, jobs.AccuracyKind, jobs.Class()) {
		return ""
	}
	return fmt.Sprintf("no worker of class %s is at the queue: run tailor work --queue on such a machine",
		jobs.Class())
}

// untimed says why no worker times on a device in a runtime; empty where one does.
func untimed(workers []queue.Live, of profiles.Identity) string {
	if class := jobs.ClassOf(of); class != "" && jobs.IsLent(workers, jobs.ProfileKind, class) {
		return ""
	}
	return fmt.Sprintf("no worker lends device %s with %s: run tailor work --queue --device where it is",
		of.Device, of.Runtime)
}
