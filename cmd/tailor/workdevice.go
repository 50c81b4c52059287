package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/fleet"
	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
)

// lentFlags name a device that is lent to a queue.
type lentFlags struct {
	Device   string   `help:"Lend this device instead, to be profiled: local for this machine, ssh://user@host[:port], or exec:COMMAND." placeholder:"local|ADDRESS"`
	Runtimes []string `name:"runtime" help:"Runtimes of the --device to lend: all, which are native and those that are found there, or some of native, onnxruntime, litert, openvino." enum:"all,${runtimes}" default:"all" with:"device"`
	agentFlags
}

// allRuntimes stands for those that are found.
const allRuntimes = "all"

// open opens a runtime on the device.
func (f lentFlags) open(ctx context.Context, g *Globals, runtime string, threads, batch int) (
	profiles.Runtime, func() error, error) {
	at := runtimeFlags{Runtime: runtime, Threads: threads, Batch: batch,
		deviceFlags: deviceFlags{Device: f.Device, agentFlags: f.agentFlags}}
	if f.Device == "local" {
		at.Device = ""
	}
	if runtime == "native" {
		at.BringLibrary = nil
	}
	return at.open(ctx, g)
}

// look opens each of the runtimes once, and says what the device is and which it has.
func (f lentFlags) look(ctx context.Context, g *Globals) (d device.Device,
	has []profiles.RuntimeInfo, err error) {
	names, wanted := f.Runtimes, true
	if slices.Contains(names, allRuntimes) {
		names, wanted = append([]string{"native"}, remote.Names()...), false
	}
	var missing []string
	for i, name := range names {
		rt, done, err := f.open(ctx, g, name, 1, 1)
		if err != nil && (wanted || name == "native") {
			return d, nil, err
		}
		if errors.Is(err, remote.ErrMissing) {
			missing = append(missing, name)
			continue
		}
		if errors.Is(err, fleet.ErrNoProgram) || errors.Is(err, remote.ErrNoAgent) {
			missing = append(missing, names[i:]...) // there is no agent with runtimes of others
			break
		}
		if err != nil {
			g.say("%s is not lent: %v", name, err)
			break
		}
		d, err = profiles.DeviceOf(ctx, rt)
		has = append(has, rt.Info())
		if err = errors.Join(err, done()); err != nil {
			return d, nil, err
		}
	}
	if len(missing) > 0 {
		g.say("not lent, as not found: %s (--runtime %s says why)", strings.Join(missing, ", "),
			missing[0])
	}
	return d, has, d.CheckTiming()
}

// lendDevice lends the device until it is interrupted.
func (c *workCmd) lendDevice(ctx context.Context, g *Globals, conn *queue.Conn, name,
	dir string) ([]string, error) {
	if c.Device == "local" {
		lock, err := store.LockDir(filepath.Join(dir, "local"), "tailor work --device local")
		if err != nil {
			return nil, err
		}
		defer lock.Unlock()
	}
	d, has, err := c.look(ctx, g)
	if err != nil {
		return nil, fmt.Errorf("lend the device: %w", err)
	}
	l := jobs.DeviceLender{Queue: conn, Name: name, Dir: dir, Device: d, Runtimes: has,
		Say: func(text string) { g.say("%s", text) },
		Open: func(ctx context.Context, runtime string, threads, batch int) (profiles.Runtime,
			func() error, error) {
			return c.open(ctx, g, runtime, threads, batch)
		}}
	for _, class := range l.Classes() {
		g.say("%s lends %s, as a device of class %s", name, jobs.About(d), class)
	}
	return l.Classes(), l.Work(ctx)
}
