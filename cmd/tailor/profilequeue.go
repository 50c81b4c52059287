package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// deviceQueueFlags name a queue whose workers lend devices.
type deviceQueueFlags struct {
	Queue       string `help:"Have a device measured that a worker of this queue lends (tailor serve, tailor work --device): nats://HOST:PORT or tls://HOST:PORT." placeholder:"URL" without:"device|library|check"`
	DeviceClass string `help:"Which: a worker's name, a device's ID or the beginning of it, words of what it is, or a class, as tailor devices --queue lists them. Default the only one." placeholder:"NAME" with:"queue"`
	accessFlags
}

// askQueue has the device that is meant profiled, and saves the profile.
func (c *profileCmd) askQueue(ctx context.Context, g *Globals, space *supernet.Space,
	s profiles.ProfileSettings) (p *profiles.Profile, err error) {
	conn, err := c.dial(ctx, g, c.Queue)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	workers, err := conn.Workers(ctx)
	if err != nil {
		return nil, err
	}
	class, err := classOf(workers, c.DeviceClass, c.Runtime)
	if err != nil {
		return nil, err
	}
	g.say("asking the workers of class %s", class)
	k := jobs.DeviceAsker{Queue: conn, Class: class, Say: func(text string) { g.say("%s", text) }}
	err = k.Profile(ctx, jobs.ProfileJob{Space: space, Runtime: c.Runtime, Threads: c.Threads,
		Batch: c.Batch, Settings: s}, func(made *profiles.Profile) error {
		p = made
		return p.Save(c.Out)
	})
	return p, err
}

// deviceClass is a class that workers of devices have.
var deviceClass = regexp.MustCompile(`^[0-9a-f]{32}-([a-z]+)-[A-Za-z0-9_-]+$`)

// classOf is the class of the device that somebody means, among those with a runtime that workers
// lend. A whole class needs no worker yet.
func classOf(workers []queue.Live, named, runtime string) (string, error) {
	if m := deviceClass.FindStringSubmatch(named); m != nil {
		if m[1] != runtime {
			return "", usagef("--device-class is of runtime %s, and --runtime %s", m[1], runtime)
		}
		return named, nil
	}
	var found, others []string
	for _, l := range workers {
		if l.Kind != jobs.ProfileKind {
			continue
		}
		for _, class := range l.Classes {
			m := deviceClass.FindStringSubmatch(class)
			switch {
			case m == nil || m[1] != runtime || slices.Contains(found, class):
			case named == "" || meant(l, named):
				found = append(found, class)
			case !slices.Contains(others, l.Worker):
				others = append(others, l.Worker)
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", usagef("--device-class %s is of %d classes of devices, name one: %s",
			cmp.Or(named, "(not given)"), len(found), strings.Join(found, ", "))
	case len(others) > 0:
		return "", fmt.Errorf("no worker lends a device %s with runtime %s; there are workers %s: tailor devices --queue lists them",
			named, runtime, strings.Join(others, ", "))
	}
	return "", fmt.Errorf("no worker lends a device with runtime %s: run tailor work --queue --device there",
		runtime)
}

// meant says whether a name is of a worker, of its device, or of what that is.
func meant(l queue.Live, name string) bool {
	return l.Worker == name || strings.HasPrefix(l.Device, name) ||
		strings.Contains(strings.ToLower(l.About), strings.ToLower(name))
}
