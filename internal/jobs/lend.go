package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

// Lender lends this machine to a queue.
type Lender struct {
	Queue *queue.Conn
	Name  string // of the worker; no other has it
	Dir   string // of files that the queue sent, which it makes
	// Workers are how many networks are measured at once.
	Workers int
	Say     func(text string) // if set, is told in a line what goes wrong
}

// Work measures accuracies until the context ends, which is no error, or it can do no more.
func (l *Lender) Work(ctx context.Context) error {
	here, err := device.Describe(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return fmt.Errorf("folder of what the queue sends: %w", err)
	}
	b := &benches{lender: l, open: map[string]*bench{}}
	defer b.close()
	return l.Queue.Work(ctx, queue.Worker{Name: l.Name, Kind: AccuracyKind,
		Classes: []string{Class()}, Device: here.ID, About: About(here), AtOnce: l.Workers,
		Say: l.Say, Do: b.do})
}

func (l *Lender) fetch(ctx context.Context, sha string) (string, error) {
	return fetch(ctx, l.Queue, l.Dir, sha)
}

// fetch gives the path of a file that the queue has, from earlier if it is in the folder and whole.
func fetch(ctx context.Context, q *queue.Conn, dir, sha string) (string, error) {
	if !queue.IsSHA256(sha) {
		return "", fmt.Errorf("%w: it names file %.70q, expected a SHA-256", ErrProtocol, sha)
	}
	path := filepath.Join(dir, sha)
	have, err := store.HashFile(path)
	if err == nil && have == sha {
		return path, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %w", queue.ErrHere, err)
	}
	err = store.WriteFile(path, func(w io.Writer) error { return q.Receive(ctx, sha, w) })
	for _, known := range []error{queue.ErrNoFile, queue.ErrDamaged, queue.ErrLater,
		queue.ErrHere} {
		if err == nil || errors.Is(err, known) {
			return path, err
		}
	}
	return "", fmt.Errorf("%w: %w", queue.ErrHere, err) // a full disk
}

// keptBenches is how many protocols stay ready.
const keptBenches = 2

// benches are the protocols that are ready.
type benches struct {
	lender *Lender

	mu   sync.Mutex
	open map[string]*bench
	uses int // so far, to tell which was used last
}

// do measures what a job asks for.
func (b *benches) do(ctx context.Context, slot int, j queue.Job) (json.RawMessage, error) {
	k := b.take(j.Protocol)
	defer b.give(k)
	if err := k.prepare(ctx, b.lender, j.Protocol); err != nil {
		return nil, err
	}
	if k.space == nil {
		return k.test(ctx, b.lender, j)
	}
	var spec supernet.Spec
	if err := parse(j.Of, &spec); err != nil {
		return nil, err
	}
	arch, err := k.space.Arch(spec)
	if err != nil {
		return nil, err
	}
	v, err := k.measure(ctx, slot, arch)
	if err != nil {
		return nil, err
	}
	return json.Marshal(valueOf(v))
}

// take gives the bench of a protocol, to be given back.
func (b *benches) take(protocol string) *bench {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.open[protocol]
	if k == nil {
		k = new(bench)
		b.open[protocol] = k
	}
	b.uses++
	k.users, k.last = k.users+1, b.uses
	return k
}

// give takes one back, and closes those that were not used for longest.
func (b *benches) give(k *bench) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k.users--
	for len(b.open) > keptBenches {
		oldest := ""
		for name, k := range b.open {
			if k.users == 0 && (oldest == "" || k.last < b.open[oldest].last) {
				oldest = name
			}
		}
		if oldest == "" {
			return
		}
		b.open[oldest].close()
		delete(b.open, oldest)
	}
}

func (b *benches) close() {
	for _, k := range b.open {
		k.close()
	}
}
