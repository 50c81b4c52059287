package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// DeviceLender lends a device to a queue, which is measured by one job at a time.
type DeviceLender struct {
	Queue *queue.Conn
	Name  string // of the worker; no other has it
	Dir   string // of files that the queue sent, which it makes
	// Device is what is lent, and Runtimes what it has.
	Device   device.Device
	Runtimes []profiles.RuntimeInfo
	// Open opens a runtime on it, by its name. Whoever opens one closes it.
	Open func(ctx context.Context, runtime string, threads, batch int) (profiles.Runtime,
		func() error, error)
	// Patience is how long the device may be in use or away before a job is handed back; 0 is a
	// minute.
	Patience time.Duration
	Say      func(text string) // if set, is told in a line what goes wrong
}

// Classes are those of the device, one for each of its runtimes.
func (l *DeviceLender) Classes() (all []string) {
	for _, r := range l.Runtimes {
		all = append(all, DeviceClass(l.Device.ID, r))
	}
	return all
}

// Work measures until the context ends, which is no error, or the device can be measured no more.
func (l *DeviceLender) Work(ctx context.Context) error {
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return fmt.Errorf("folder of what the queue sends: %w", err)
	}
	if l.Say == nil {
		l.Say = func(string) {}
	}
	return l.Queue.Work(ctx, queue.Worker{Name: l.Name, Kind: ProfileKind, Classes: l.Classes(),
		Device: l.Device.ID, About: About(l.Device), AtOnce: 1, Say: l.Say, Do: l.do})
}

// do measures what a job asks for.
func (l *DeviceLender) do(ctx context.Context, _ int, j queue.Job) (json.RawMessage, error) {
	w, err := parseWork(j.Of)
	if err != nil {
		return nil, err
	}
	path, err := fetch(ctx, l.Queue, l.Dir, j.Protocol)
	if err != nil {
		return nil, err
	}
	text, err := store.ReadAll(ctx, path, maxProtocol)
	if err != nil {
		return nil, err
	}
	p, err := parseProfileProtocol(text)
	if err != nil {
		return nil, err
	}
	rt, done, err := l.open(ctx, p, j.Class)
	if err != nil {
		return nil, err
	}
	value, err := l.measure(ctx, rt, p, w, j)
	if ended := done(); err == nil && ended != nil {
		l.Say(fmt.Sprintf("after a job, the runtime does not close: %v", ended))
	}
	if errors.Is(err, remote.ErrCrashed) || errors.Is(err, remote.ErrLate) {
		err = fmt.Errorf("%w: %w", queue.ErrLost, err) // another device of the class may be there
	}
	return value, err
}

// tryAgain is how long a device that is in use or away is left alone.
const tryAgain = 3 * time.Second

// open opens the runtime of a job, and waits while the device is in use or away.
func (l *DeviceLender) open(ctx context.Context, p *profileProtocol, class string) (
	profiles.Runtime, func() error, error) {
	patience := cmp.Or(l.Patience, time.Minute)
	limit, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for told := ""; ; {
		rt, done, err := l.Open(ctx, p.Runtime, p.Threads, p.Batch)
		switch {
		case err == nil:
			if err := l.same(ctx, rt, class); err != nil {
				return nil, nil, errors.Join(err, done())
			}
			return rt, done, nil
		case errors.Is(err, remote.ErrMissing), errors.Is(err, remote.ErrNoAgent):
			return nil, nil, fmt.Errorf("%w: %w", queue.ErrHere, err)
		case errors.Is(err, profiles.ErrSettings):
			return nil, nil, err
		}
		if text := fmt.Sprintf("the device cannot be measured now: %v", err); text != told {
			told = text
			l.Say(text)
		}
		select {
		case <-limit.Done():
			return nil, nil, fmt.Errorf("%w: %w", queue.ErrLater, err)
		case <-time.After(min(tryAgain, patience)):
		}
	}
}

// same refuses a device that is another one than was lent, or has another runtime by now.
func (l *DeviceLender) same(ctx context.Context, rt profiles.Runtime, class string) error {
	d, err := profiles.DeviceOf(ctx, rt)
	if err != nil {
		return err
	}
	if there := DeviceClass(d.ID, rt.Info()); there != class {
		return fmt.Errorf("%w: the device is of class %s by now, and was lent as one of %s: lend it again",
			queue.ErrHere, there, class)
	}
	return nil
}

func (l *DeviceLender) measure(ctx context.Context, rt profiles.Runtime, p *profileProtocol,
	w deviceWork, j queue.Job) (json.RawMessage, error) {
	if alone := w.Networks != nil && w.Networks.Network != ""; alone != p.Networks {
		return nil, fmt.Errorf("%w: of the job and its protocol, one is of a network that stands alone",
			ErrProtocol)
	}
	if p.Networks {
		net, err := receiveNetwork(ctx, l.Queue, l.Dir, w.Networks.Network)
		if err != nil {
			return nil, err
		}
		return timeNetwork(ctx, rt, net, w.Networks)
	}
	if w.Networks != nil {
		if n := len(w.Networks.Archs); n > p.most() {
			return nil, fmt.Errorf("%w: it times %d networks, which are all loaded at once: of this space %d are taken at most",
				ErrProtocol, n, p.most())
		}
		return timeNetworks(ctx, rt, p.Space, w.Networks)
	}
	// What is measured of each resolution outlives the worker, if its cache does.
	p.Settings.Parts = filepath.Join(l.Dir, j.Protocol+".parts")
	made, err := profiles.New(ctx, p.Space, rt, p.Settings)
	if errors.As(err, new(*fs.PathError)) {
		return nil, fmt.Errorf("%w: %w", queue.ErrHere, err) // the cache cannot be used
	}
	if err != nil {
		return nil, err
	}
	sha, err := l.send(ctx, made)
	if err != nil {
		return nil, err
	}
	if err := made.DropParts(p.Settings.Parts); err != nil {
		l.Say(err.Error())
	}
	return json.Marshal(profileValue{File: sha})
}

// send gives the queue a profile.
func (l *DeviceLender) send(ctx context.Context, p *profiles.Profile) (sha string, err error) {
	dir, err := os.MkdirTemp(l.Dir, "profile-")
	if err != nil {
		return "", fmt.Errorf("%w: %w", queue.ErrHere, err)
	}
	defer os.RemoveAll(dir) // what it was wanted for is done
	path := filepath.Join(dir, "profile.json")
	if err := p.Save(path); err != nil {
		return "", fmt.Errorf("%w: %w", queue.ErrHere, err)
	}
	if sha, err = store.HashFile(path); err != nil {
		return "", fmt.Errorf("%w: %w", queue.ErrHere, err)
	}
	if err := l.Queue.Send(ctx, path, sha); err != nil {
		return "", fmt.Errorf("%w: %w", queue.ErrLater, err)
	}
	return sha, nil
}

// timeNetworks times networks of a space.
func timeNetworks(ctx context.Context, rt profiles.Runtime, space *supernet.Space,
	w *networksWork) (json.RawMessage, error) {
	reference, err := profiles.ReferenceOf(space, w.Reference, w.ReferenceMS)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	var networks [][]supernet.Block
	for _, spec := range w.Archs {
		a, err := space.Arch(spec)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		networks = append(networks, space.Blocks(a))
	}
	return timesOn(ctx, rt, func() ([]timing.Timing, timing.Summary, error) {
		return profiles.Networks(ctx, rt, networks, reference, w.Budget, w.Seed)
	})
}

// timeNetwork times a network that stands alone.
func timeNetwork(ctx context.Context, rt profiles.Runtime, net *supernet.Subnet,
	w *networksWork) (json.RawMessage, error) {
	return timesOn(ctx, rt, func() ([]timing.Timing, timing.Summary, error) {
		return profiles.Subnets(ctx, rt, []*supernet.Subnet{net},
			(*profiles.Reference)(w.against()), w.Budget, w.Seed)
	})
}

// timesOn says where times are from.
func timesOn(ctx context.Context, rt profiles.Runtime, times func() ([]timing.Timing,
	timing.Summary, error)) (json.RawMessage, error) {
	d, err := profiles.DeviceOf(ctx, rt)
	if err != nil {
		return nil, err
	}
	v := networksValue{Device: d.ID, Runtime: rt.Info().ID()}
	if v.Networks, v.Session, err = times(); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
