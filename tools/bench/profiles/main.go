// Command profiles measures how far profiles can be trusted, in each of several runtimes on this
// machine: how near two profiles of a space come to each other, how well networks that nothing was
// fitted to are predicted, whether winners meet their budgets, and what is lost where the profile
// of another runtime is used. It prints Markdown, and keeps what it measured in a folder, so that
// the same command goes on where it was ended.
//
//	go run ./tools/bench/profiles -space mbv3-cifar -accuracy accuracy.json -work DIR
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

func main() {
	b := &bench{}
	name := flag.String("space", "mbv3-cifar", "search space")
	accuracy := flag.String("accuracy", "", "accuracy predictor of the space; without it there are no winners")
	runtimes := flag.String("runtimes", "native,onnxruntime,litert", "runtimes")
	flag.StringVar(&b.work, "work", "", "folder for what is measured")
	flag.IntVar(&b.resolution, "resolution", 0, "of all networks, in pixels; 0 for those of the space")
	flag.IntVar(&b.heldOut, "networks", 60, "networks that nothing is fitted to")
	flag.IntVar(&b.budgets, "budgets", 10, "budgets to search winners for")
	flag.StringVar(&b.served, "served", "onnxruntime", "runtime that the winners are for")
	flag.DurationVar(&b.each, "each", 2*time.Second, "time for each network that is timed whole")
	flag.Uint64Var(&b.seed, "seed", 1, "seed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := b.prepare(*name, *accuracy, *runtimes)
	if err == nil {
		err = b.run(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "profiles:", err)
		os.Exit(1)
	}
}

type bench struct {
	space      *supernet.Space
	accuracy   *predictor.Accuracy // may be nil
	runtimes   []string
	served     string
	work       string
	resolution int
	heldOut    int
	budgets    int
	each       time.Duration
	seed       uint64
}

func (b *bench) prepare(space, accuracy, runtimes string) (err error) {
	if b.work == "" {
		return fmt.Errorf("-work is missing: name a folder for what is measured")
	}
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return err
	}
	b.runtimes = strings.Split(runtimes, ",")
	if b.space, err = supernet.LoadSpace(space); err != nil {
		return err
	}
	if accuracy != "" {
		b.accuracy, err = predictor.LoadAccuracy(accuracy, b.space)
	}
	return err
}

// measured is what was measured of a runtime.
type measured struct {
	name     string
	profiles [2]*profiles.Profile
	heldOut  []predictor.NetworkTime
	latency  [2]*predictor.Latency // fitted to each
}

// run measures the runtimes in turn, and each of them twice, so that whatever goes on beside it
// differs between two profiles; then it compares.
func (b *bench) run(ctx context.Context, w io.Writer) error {
	all := make([]*measured, len(b.runtimes))
	for i, name := range b.runtimes {
		all[i] = &measured{name: name}
	}
	for pass := range 2 {
		for _, m := range all {
			if err := b.profile(ctx, m, pass); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
	}
	for _, m := range all {
		if err := b.timeHeldOut(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if err := b.report(w, all); err != nil || b.accuracy == nil {
		return err
	}
	if err := b.winners(ctx, w, all); err != nil {
		return err
	}
	return b.strangers(ctx, w, all)
}

// with uses a runtime.
func with(ctx context.Context, name string, use func(profiles.Runtime) error) error {
	if name == "native" {
		return use(profiles.Native{Threads: 1})
	}
	rt, err := remote.Open(ctx, remote.Config{Runtime: name, Threads: 1})
	if err != nil {
		return err
	}
	err = use(rt)
	_ = rt.Close() // what it was wanted for is done
	return err
}

// path is a file of the folder of what was measured.
func (b *bench) path(format string, values ...any) string {
	return filepath.Join(b.work, fmt.Sprintf(format, values...))
}
