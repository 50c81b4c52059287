// Command fleet has the accuracies of networks measured by workers of a queue that are killed again
// and again, and compares with what this machine measures alone:
//
//	CGO_ENABLED=0 go build ./cmd/tailor
//	go run ./tools/bench/fleet -tailor ./tailor
//
// It trains mbv3-tiny for a moment, runs tailor fit accuracy, then tailor serve, three tailor work
// and the same fit with --queue, and kills each worker ten times, at random, with a signal that no
// program sees (SIGKILL). It prints Markdown, and fails if a network has no result or two, if a
// value or the predictor is another one than alone, or if the fit ended before all were killed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

// settings are the flags.
type settings struct {
	tailor   string
	networks int
	workers  int
	kills    int
	seed     uint64
	every    time.Duration
	listen   string
}

func main() {
	var s settings
	flag.StringVar(&s.tailor, "tailor", "./tailor", "the program")
	flag.IntVar(&s.networks, "networks", 200, "networks to measure")
	flag.IntVar(&s.workers, "workers", 3, "workers")
	flag.IntVar(&s.kills, "kills", 10, "times that each worker is killed")
	flag.Uint64Var(&s.seed, "seed", 1, "of when workers are killed")
	flag.DurationVar(&s.every, "every", 2*time.Second, "how long a worker lives about")
	flag.StringVar(&s.listen, "listen", "127.0.0.1:24222", "address of the queue")
	flag.Parse()
	ctx, done := signal.NotifyContext(context.Background(), os.Interrupt)
	defer done()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if s.tailor, err = filepath.Abs(s.tailor); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fleet-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{settings: s, dir: dir}
	if _, err := b.call(ctx, "train", "--space", "mbv3-tiny", "--data", "synthetic",
		"--train-images", "1000", "--epochs", "1", "--out", b.path("run")); err != nil {
		return err
	}
	if b.alone, err = b.fit(ctx, "alone"); err != nil {
		return err
	}
	if err := b.measureTogether(ctx); err != nil {
		return err
	}
	if err := b.compare(ctx); err != nil {
		return err
	}
	b.print(os.Stdout)
	return nil
}

// call runs tailor, and gives what it said.
func (b *bench) call(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, b.tailor, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("tailor %s: %w: %s", args[0], err, out)
	}
	return string(out), err
}
