package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tailor-nas/tailor/internal/measurements"
)

// bench is a comparison.
type bench struct {
	settings
	dir             string
	alone, together time.Duration
	killed          atomic.Int64
	made            map[string]int // results by worker
	rows            int
	queueBytes      int64
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) url() string { return "nats://" + b.listen }

// fit fits a predictor, and says how long that took.
func (b *bench) fit(ctx context.Context, name string, more ...string) (time.Duration, error) {
	began := time.Now()
	_, err := b.call(ctx, append([]string{"fit", "accuracy", "--run", b.path("run"), "--samples",
		fmt.Sprint(b.networks), "--no-stop", "--images", "64", "--calibration", "64", "--model",
		"ridge", "--store", b.path(name + ".sqlite"), "--out", b.path(name + ".json")}, more...)...)
	return time.Since(began), err
}

// measureTogether fits with a queue, and kills its workers meanwhile.
func (b *bench) measureTogether(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	var children sync.WaitGroup
	defer children.Wait()
	defer end()
	served := make(chan error, 1)
	children.Go(func() {
		cmd := exec.CommandContext(ctx, b.tailor, "serve", "--listen", b.listen, "--store",
			b.path("queue"))
		out, err := cmd.CombinedOutput()
		served <- fmt.Errorf("tailor serve: %w: %s", err, out)
	})
	if err := b.reachable(ctx, served); err != nil {
		return err
	}
	for i := range b.workers {
		children.Go(func() { b.mortal(ctx, i) })
	}
	var err error
	if b.together, err = b.fit(ctx, "together", "--queue", b.url()); err != nil {
		return err
	}
	if want := b.workers * b.kills; int(b.killed.Load()) < want {
		return fmt.Errorf("the fit ended when workers had been killed %d times, expected %d: measure more -networks, or kill more often (-every)",
			b.killed.Load(), want)
	}
	return nil
}

// reachable waits until the queue listens, or ends.
func (b *bench) reachable(ctx context.Context, ended <-chan error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return err
		case <-tick.C:
			if c, err := net.Dial("tcp", b.listen); err == nil {
				return c.Close()
			}
		}
	}
}

// mortal runs a worker, kills it and runs it again, until it was killed often enough; then it lives
// until the context ends. The times between are random, half of s.every to one and a half.
func (b *bench) mortal(ctx context.Context, i int) {
	rng := rand.New(rand.NewPCG(b.seed, uint64(i)))
	for life := range b.kills + 1 {
		cmd := exec.CommandContext(ctx, b.tailor, "work", "--queue", b.url(), "--workers", "1",
			"--name", fmt.Sprintf("%c-%d", 'a'+i, life),
			"--cache", b.path(fmt.Sprintf("cache-%d", i)))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = io.Discard, &out
		if err := cmd.Start(); err != nil {
			fmt.Fprintln(os.Stderr, "fleet: start a worker:", err)
			return
		}
		ended := make(chan struct{})
		if life < b.kills {
			after := time.NewTimer(b.every/2 + time.Duration(rng.Int64N(int64(b.every))))
			go func() {
				defer after.Stop()
				select {
				case <-ended:
				case <-after.C:
					if cmd.Process.Kill() == nil {
						b.killed.Add(1)
					}
				}
			}()
		}
		err := cmd.Wait()
		close(ended)
		if ctx.Err() != nil {
			return
		}
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
			fmt.Fprintf(os.Stderr, "fleet: a worker ended by itself: %v: %s\n", err, out.Bytes())
			return
		}
	}
}

// compare checks that what was measured is the same.
func (b *bench) compare(ctx context.Context) error {
	var files [2][]byte
	var rows [2][]measurements.Filed
	for i, name := range []string{"alone", "together"} {
		var err error
		if files[i], err = os.ReadFile(b.path(name + ".json")); err != nil {
			return err
		}
		if rows[i], err = measurements.ReadAll(ctx, b.path(name+".sqlite")); err != nil {
			return err
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		return errors.New("the predictors differ")
	}
	b.made, b.rows = map[string]int{}, len(rows[1])
	archs := map[string]int{}
	for i, r := range rows[1] {
		if len(rows[0]) <= i || rows[0][i].Subject != r.Subject || rows[0][i].Arch != r.Arch ||
			rows[0][i].Value != r.Value {
			return fmt.Errorf("row %d differs: %+v", i, r)
		}
		if archs[r.Arch]++; archs[r.Arch] == 1 {
			_, worker, _ := strings.Cut(strings.TrimSuffix(r.Device, ")"), "(worker ")
			b.made[worker]++
		}
	}
	if len(archs) != b.networks || len(rows[0]) != len(rows[1]) {
		return fmt.Errorf("%d networks in %d rows, expected %d in %d", len(archs), len(rows[1]),
			b.networks, len(rows[0]))
	}
	return filepath.WalkDir(b.path("queue"), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			b.queueBytes += info.Size()
		}
		return err
	})
}

// print says what was found.
func (b *bench) print(w io.Writer) {
	fmt.Fprintf(w, "| | |\n|---|---|\n")
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	row("networks, each measured once", "%d", b.networks)
	row("rows of the store, the same as alone", "%d", b.rows)
	row("predictor", "the same bytes as alone")
	row("workers killed", "%d times, %d each", b.killed.Load(), b.kills)
	row("workers with results", "%d", len(b.made))
	row("results of a worker's life", "%s", b.lives())
	row("fit alone", "%.1f s", b.alone.Seconds())
	row("fit with the queue", "%.1f s", b.together.Seconds())
	row("files of the queue afterwards", "%.2f MB", float64(b.queueBytes)/1e6)
}

// lives says how many results a worker made before it was killed.
func (b *bench) lives() string {
	var all []int
	for _, n := range b.made {
		all = append(all, n)
	}
	sort.Ints(all)
	return fmt.Sprintf("%d to %d, median %d", slices.Min(all), slices.Max(all), all[len(all)/2])
}
