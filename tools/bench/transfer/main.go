// Command transfer measures how well a latency predictor of one runtime can be transferred to another from a few networks, beside a
// fit to these networks alone. The runtimes are tailor's engine on this machine: with one thread and one image, where all blocks are
// timed, then with several threads, and with a batch. It prints Markdown.
//
//	go run ./tools/bench/transfer -space ofa-mbv3 -resolution 160
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

func main() {
	b := &bench{}
	name := flag.String("space", "ofa-mbv3", "search space")
	flag.IntVar(&b.resolution, "resolution", 160, "of all networks, in pixels")
	flag.IntVar(&b.threads, "threads", 2, "threads of the first runtime to transfer to")
	flag.IntVar(&b.batch, "batch", 8, "batch of the second")
	flag.DurationVar(&b.budget, "budget", time.Minute, "time for each runtime")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of the networks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if b.space, err = supernet.LoadSpace(*name); err == nil {
		err = b.run(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "transfer:", err)
		os.Exit(1)
	}
}

// learned are how many networks are fitted to, of those timed on each runtime; the last testNetworks of them are predicted.
var learned = []int{5, 10, 20, 50}

const testNetworks = 30

type bench struct {
	space                      *supernet.Space
	resolution, threads, batch int
	budget                     time.Duration
	seed                       uint64
}

func (b *bench) run(ctx context.Context, w io.Writer) error {
	p, err := profiles.New(ctx, b.space, profiles.Native{Threads: 1}, profiles.ProfileSettings{Resolutions: []int{b.resolution}, Budget: b.budget, Seed: b.seed})
	if err != nil {
		return err
	}
	var blocks []predictor.BlockTime
	for _, t := range p.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: t.Block, MS: t.LatencyMS})
	}
	var networks []predictor.NetworkTime
	for _, t := range p.Networks {
		a, err := b.space.Arch(t.Arch)
		if err != nil {
			return err
		}
		networks = append(networks, predictor.NetworkTime{Arch: a, MS: t.LatencyMS})
	}
	old, err := predictor.FitLatency(b.space, blocks, networks, predictor.FitSettings{})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %s, %s at %d px. One thread, one image: %d blocks and %d networks, held-out MAPE %.1f %% by %s.\n\n",
		p.Device.CPU.Brand, p.Device.Arch, b.space.Name, b.resolution, len(blocks), len(networks), 100*old.HeldOut.MAPE, old.Candidates[0].Method)
	fmt.Fprintf(w, "Mean error on %d other networks, relative to what was measured, and in brackets the share of them within the 90 %% interval:\n\n", testNetworks)
	fmt.Fprintln(w, "| runtime | networks fitted to | as it was | transferred | by | from these networks alone |\n|---|---|---|---|---|---|")
	for _, to := range []struct {
		name    string
		runtime profiles.Runtime
	}{{"one thread, one image again", profiles.Native{Threads: 1}}, {fmt.Sprintf("%d threads", b.threads), profiles.Native{Threads: b.threads}}, {fmt.Sprintf("batch %d", b.batch), profiles.Native{Threads: 1, Batch: b.batch}}} {
		if err := b.transfer(ctx, w, old, to.name, to.runtime); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) transfer(ctx context.Context, w io.Writer, old *predictor.Latency, name string, runtime profiles.Runtime) error {
	r := rand.New(rand.NewPCG(b.seed, 1))
	archs := make([]supernet.Arch, learned[len(learned)-1]+testNetworks)
	networks := make([][]supernet.Block, len(archs))
	for i := range archs {
		archs[i] = b.space.Random(r)
		archs[i].Resolution = uint16(b.resolution)
		networks[i] = b.space.Blocks(archs[i])
	}
	timings, _, err := profiles.Networks(ctx, runtime, networks, b.budget, b.seed)
	if err != nil {
		return err
	}
	times := make([]predictor.NetworkTime, len(archs))
	for i, t := range timings {
		times[i] = predictor.NetworkTime{Arch: archs[i], MS: t.LatencyMS}
	}
	unseen := times[len(times)-testNetworks:]
	asIs, err := judge(old, unseen)
	if err != nil {
		return err
	}
	for _, n := range learned {
		l, err := predictor.TransferLatency(old, times[:n], predictor.FitSettings{})
		if err != nil {
			return err
		}
		transferred, err := judge(l, unseen)
		if err != nil {
			return err
		}
		alone := "-"
		switch scratch, err := predictor.FitLatency(b.space, nil, times[:n], predictor.FitSettings{}); {
		case errors.Is(err, predictor.ErrSamples):
		case err != nil:
			return err
		default:
			if alone, err = judge(scratch, unseen); err != nil {
				return err
			}
		}
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s |\n", name, n, asIs, transferred, l.Candidates[0].Method, alone)
	}
	return nil
}

// judge compares with networks that were not fitted to.
func judge(l *predictor.Latency, unseen []predictor.NetworkTime) (string, error) {
	var predicted, measured []float64
	inside := 0
	for _, n := range unseen {
		ms, err := l.Predict([]supernet.Arch{n.Arch})
		if err != nil {
			return "", err
		}
		predicted, measured = append(predicted, ms[0]), append(measured, n.MS)
		if low, high := l.Interval.Around(ms[0]); n.MS >= low && n.MS <= high {
			inside++
		}
	}
	text := fmt.Sprintf("%.1f %%", 100*predictor.Compare(predicted, measured).MAPE)
	if l.Interval.Coverage > 0 {
		text += fmt.Sprintf(" (%d %%)", 100*inside/len(unseen))
	}
	return text, nil
}
