package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// DeviceAsker has devices measured that the workers of a queue lend.
type DeviceAsker struct {
	Queue *queue.Conn
	Class string            // of devices: see [DeviceClass]
	Say   func(text string) // if set, is told in a line what the queue waits for
}

// ProfileJob asks for a profile.
type ProfileJob struct {
	Space    *supernet.Space
	Runtime  string // its name
	Threads  int
	Batch    int
	Settings profiles.ProfileSettings
}

// Profile has a space profiled by one worker, and a part of it measured again by another one where
// there is one. keep saves it: then the queue forgets it, so that who asks again has it measured
// anew.
func (k *DeviceAsker) Profile(ctx context.Context, j ProfileJob,
	keep func(*profiles.Profile) error) error {
	dir, err := os.MkdirTemp("", "tailor-queue-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // what it was wanted for is done
	sha, err := k.send(ctx, j, dir)
	if err != nil {
		return fmt.Errorf("pack what is to be measured: %w", err)
	}
	first := k.ask(sha, deviceWork{})
	files := func(ctx context.Context) error { _, err := k.send(ctx, j, dir); return err }
	first.Files = files
	first.Check = func(_ int, text json.RawMessage) error { return parse(text, new(profileValue)) }
	r, err := k.one(ctx, first)
	if err != nil {
		return err
	}
	p, err := k.receive(ctx, r, j, dir)
	if err != nil {
		return k.forget(ctx, err, first)
	}
	second := k.ask(sha, deviceWork{Networks: toConfirm(p)})
	second.Except, second.Files = r.Worker, files
	second.Check = func(_ int, text json.RawMessage) error {
		_, err := parseNetworks(text, toTime(second).count())
		return err
	}
	again, err := k.one(ctx, second)
	if err != nil {
		return fmt.Errorf("to measure a part of the profile again: %w", err)
	}
	w := toTime(second)
	if err := confirm(networksOf(p, r.Worker, w.Archs), w, again); err != nil {
		return k.forget(ctx, err, first, second)
	}
	p.Worker = r.Worker
	if err := keep(p); err != nil {
		return err
	}
	return k.forget(ctx, nil, first, second)
}

// forget gives an error, once the queue has forgotten what it is about.
func (k *DeviceAsker) forget(ctx context.Context, err error, all ...queue.Ask) error {
	for _, a := range all {
		if failed := k.Queue.Forget(ctx, a); err == nil {
			err = failed
		}
	}
	return err
}

// ask asks one thing of a device, once: times are never the same, so that what is measured twice is
// compared here.
func (k *DeviceAsker) ask(protocol string, w deviceWork) queue.Ask {
	of, err := json.Marshal(w)
	if err != nil {
		panic("jobs: what is asked of a device is no JSON")
	}
	return queue.Ask{Kind: ProfileKind, Class: k.Class, Protocol: protocol, Once: true,
		Of: []json.RawMessage{of}, Say: k.Say,
		Advice: ": run tailor work --queue --device there"}
}

// one gives the result of what is asked for alone.
func (k *DeviceAsker) one(ctx context.Context, a queue.Ask) (queue.Result, error) {
	all, err := k.Queue.Measure(ctx, a)
	if err != nil {
		return queue.Result{}, err
	}
	return all[0], nil
}

func (k *DeviceAsker) send(ctx context.Context, j ProfileJob, dir string) (string, error) {
	p := profileProtocol{Version: protocolVersion, Space: j.Space, Runtime: j.Runtime,
		Threads: j.Threads, Batch: j.Batch, Settings: j.Settings, Sparse: j.Settings.Sparse}
	return sendOne(ctx, k.Queue, dir, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(p)
	})
}

// maxProfile is how many bytes of a profile are taken: as many as any document may have.
const maxProfile = 64 << 20

// receive fetches a profile that a worker made, and checks that it is the one that was asked for.
func (k *DeviceAsker) receive(ctx context.Context, r queue.Result, j ProfileJob, dir string) (
	*profiles.Profile, error) {
	var v profileValue
	err := parse(r.Value, &v)
	path := filepath.Join(dir, "profile.json")
	if err == nil {
		err = store.WriteFile(path, func(w io.Writer) error {
			return k.Queue.Receive(ctx, v.File, &bounded{w, maxProfile})
		})
	}
	var p *profiles.Profile
	if err == nil {
		p, err = profiles.Load(path)
	}
	if err == nil {
		err = k.check(p, j)
	}
	if err != nil {
		return nil, fmt.Errorf("the profile of worker %s is thrown away: %w", r.Worker, err)
	}
	return p, nil
}

// check refuses a profile that is not the one that was asked for.
func (k *DeviceAsker) check(p *profiles.Profile, j ProfileJob) error {
	threads, batch := max(j.Threads, 1), max(j.Batch, 1)
	switch {
	case DeviceClass(p.Device.ID, p.Runtime) != k.Class || p.Runtime.Name != j.Runtime:
		return fmt.Errorf("%w: it is of %s with %s, expected one of class %s", profiles.ErrAsked,
			p.Device.ID, p.Runtime.ID(), k.Class)
	case p.Runtime.Threads != threads || max(p.Runtime.Batch, 1) != batch:
		return fmt.Errorf("%w: it is of %d threads and batches of %d, expected %d and %d",
			profiles.ErrAsked, p.Runtime.Threads, max(p.Runtime.Batch, 1), threads, batch)
	}
	return p.CheckAsked(j.Space, j.Settings)
}

// bounded is a file of so many bytes at most.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(text []byte) (int, error) {
	if len(text) > b.left {
		return 0, fmt.Errorf("a profile has more than %d bytes", maxProfile)
	}
	b.left -= len(text)
	return b.w.Write(text)
}

const (
	// confirmEach is of how many networks of a profile one is timed again, two at least.
	confirmEach = 20
	// confirmTime is how long each of these and the reference are timed, at most.
	confirmTime = 3 * time.Second
)

// drawn are the numbers, of so many networks, of those to time again. They are drawn once the first
// times are there, so that nobody knows before which they are. No value depends on the draw, and no
// seed decides it.
func drawn(networks int) []int {
	n := min(max((networks+confirmEach-1)/confirmEach, 2), networks, maxTimed)
	all := rand.Perm(networks)[:n]
	slices.Sort(all)
	return all
}

// confirmBudget is the time for networks that confirm what took a budget.
func (w *networksWork) confirmBudget(budget time.Duration) time.Duration {
	return min(time.Duration(w.count()+1)*confirmTime, budget)
}

// toConfirm are the networks of a profile to time again.
func toConfirm(p *profiles.Profile) *networksWork {
	w := &networksWork{Reference: p.ReferenceArch, Confirms: p.SHA256, Seed: p.Settings.Seed}
	for _, i := range drawn(len(p.Networks)) {
		w.Archs = append(w.Archs, p.Networks[i].Arch)
	}
	w.Budget = w.confirmBudget(p.Settings.Budget)
	return w
}

// toTime are the networks that are asked for.
func toTime(a queue.Ask) *networksWork {
	w, err := parseWork(a.Of[0])
	if err != nil {
		panic("jobs: what is asked of a device cannot be read")
	}
	return w.Networks
}
