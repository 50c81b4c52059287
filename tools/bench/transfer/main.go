// Command transfer measures how well a latency predictor of one runtime can be transferred to
// another from a few networks, beside a fit to these networks alone. The runtimes are tailor's
// engine on this machine: with one thread and one image, where all blocks are timed, then with
// several threads, and with a batch. The file of another device's latency predictor, such as one
// that tailor import ofa-latency makes, can be given too: what it says of networks is taken for
// their times. It prints Markdown.
//
//	go run ./tools/bench/transfer -resolutions 160,192,224 -other note10.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

func main() {
	b := &bench{}
	name := flag.String("space", "ofa-mbv3-w1.2", "search space")
	resolutions := flag.String("resolutions", "160", "of the networks, in pixels")
	other := flag.String("other", "", "latency predictor of another device")
	flag.IntVar(&b.threads, "threads", 2, "threads of the first runtime to transfer to")
	flag.IntVar(&b.batch, "batch", 8, "batch of the second")
	flag.DurationVar(&b.budget, "budget", time.Minute, "time for each runtime")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of the networks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if b.space, err = supernet.LoadSpace(*name); err == nil {
		err = json.Unmarshal([]byte("["+*resolutions+"]"), &b.resolutions)
	}
	if err == nil && *other != "" {
		b.other, err = predictor.LoadLatency(*other, b.space)
	}
	if err == nil {
		err = b.run(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "transfer:", err)
		os.Exit(1)
	}
}

// learned are how many networks are fitted to, of those timed on each runtime; testNetworks others
// are predicted. Both are drawn anew draws times.
var learned = []int{5, 10, 20, 50}

const testNetworks, draws = 30, 40

type bench struct {
	space          *supernet.Space
	resolutions    []int
	threads, batch int
	other          *predictor.Latency
	budget         time.Duration
	seed           uint64
}

func (b *bench) run(ctx context.Context, w io.Writer) error {
	settings := profiles.ProfileDefaults()
	settings.Resolutions, settings.Budget, settings.Seed = b.resolutions, b.budget, b.seed
	p, err := profiles.New(ctx, b.space, profiles.Native{Threads: 1}, settings)
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
	old, err := predictor.FitLatency(b.space, blocks, networks, regress.Defaults())
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %s, %s at %v px. One thread, one image: %d blocks and %d networks, held-out MAPE %.1f %% by %s.\n\n",
		p.Device.CPU.Brand, p.Device.Arch, b.space.Name, b.resolutions, len(blocks), len(networks),
		100*old.HeldOut.MAPE, old.Candidates[0].Method)
	fmt.Fprintf(w, "Mean error on %d other networks, relative to what was measured, and in brackets the share of them within the 90 %% interval. Means of %d draws of both out of %d networks:\n\n",
		testNetworks, draws, learned[len(learned)-1]+testNetworks)
	fmt.Fprintln(w, "| device and runtime | networks fitted to | as it was | transferred | by | from these networks alone |\n|---|---|---|---|---|---|")
	for _, to := range []struct {
		name    string
		runtime profiles.Runtime
	}{{"one thread, one image again", profiles.Native{Threads: 1}},
		{fmt.Sprintf("%d threads", b.threads), profiles.Native{Threads: b.threads}},
		{fmt.Sprintf("batch %d", b.batch), profiles.Native{Threads: 1, Batch: b.batch}}} {
		times, err := b.measure(ctx, to.runtime)
		if err == nil {
			err = b.transfer(w, old, to.name, times)
		}
		if err != nil {
			return err
		}
	}
	if b.other == nil {
		return nil
	}
	archs := b.archs()
	ms, err := b.other.Predict(archs)
	if err != nil {
		return err
	}
	times := make([]predictor.NetworkTime, len(archs))
	for i, a := range archs {
		times[i] = predictor.NetworkTime{Arch: a, MS: ms[i]}
	}
	return b.transfer(w, old, b.other.Device, times)
}

// archs are the networks that are timed, the same ones everywhere.
func (b *bench) archs() []supernet.Arch {
	r := rand.New(rand.NewPCG(b.seed, 1))
	archs := make([]supernet.Arch, learned[len(learned)-1]+testNetworks)
	for i := range archs {
		archs[i] = b.space.Random(r)
		archs[i].Resolution = uint16(b.resolutions[i%len(b.resolutions)])
	}
	return archs
}

func (b *bench) measure(ctx context.Context, runtime profiles.Runtime) ([]predictor.NetworkTime,
	error) {
	archs := b.archs()
	networks := make([][]supernet.Block, len(archs))
	for i, a := range archs {
		networks[i] = b.space.Blocks(a)
	}
	timings, _, err := profiles.Networks(ctx, runtime, networks, profiles.Reference{},
		b.budget, b.seed)
	if err != nil {
		return nil, err
	}
	times := make([]predictor.NetworkTime, len(archs))
	for i, t := range timings {
		times[i] = predictor.NetworkTime{Arch: archs[i], MS: t.LatencyMS}
	}
	return times, nil
}

func (b *bench) transfer(w io.Writer, old *predictor.Latency, name string,
	times []predictor.NetworkTime) error {
	r := rand.New(rand.NewPCG(b.seed, 2))
	for _, n := range learned {
		var asIs, transferred, alone score
		methods := map[string]int{}
		for range draws {
			r.Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
			unseen := times[len(times)-testNetworks:]
			l, err := predictor.TransferLatency([]*predictor.Latency{old}, times[:n],
				regress.Defaults())
			if err != nil {
				return err
			}
			methods[l.Candidates[0].Method]++
			scratch, err := predictor.FitLatency(b.space, nil, times[:n], regress.Defaults())
			if errors.Is(err, predictor.ErrSamples) {
				scratch, err = nil, nil
			}
			if err = errors.Join(err, asIs.add(old, unseen), transferred.add(l, unseen),
				alone.add(scratch, unseen)); err != nil {
				return err
			}
		}
		var by []string
		for _, m := range slices.Sorted(maps.Keys(methods)) {
			by = append(by, fmt.Sprintf("%s %d", m, methods[m]))
		}
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s |\n", name, n, asIs, transferred,
			strings.Join(by, ", "), alone)
	}
	return nil
}

// score sums up comparisons with networks that were not fitted to.
type score struct{ mape, inside, draws, intervals float64 }

func (s *score) add(l *predictor.Latency, unseen []predictor.NetworkTime) error {
	if l == nil {
		return nil
	}
	var predicted, measured []float64
	inside := 0.0
	for _, n := range unseen {
		ms, err := l.Predict([]supernet.Arch{n.Arch})
		if err != nil {
			return err
		}
		predicted, measured = append(predicted, ms[0]), append(measured, n.MS)
		if low, high := l.Interval.Around(ms[0]); n.MS >= low && n.MS <= high {
			inside++
		}
	}
	s.draws++
	s.mape += regress.Compare(predicted, measured).MAPE
	if l.Interval.Coverage > 0 {
		s.intervals++
		s.inside += inside / float64(len(unseen))
	}
	return nil
}

func (s score) String() string {
	if s.draws == 0 {
		return "-"
	}
	text := fmt.Sprintf("%.1f %%", 100*s.mape/s.draws)
	if s.intervals > 0 {
		text += fmt.Sprintf(" (%.0f %%)", 100*s.inside/s.intervals)
	}
	return text
}
