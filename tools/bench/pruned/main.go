// Command pruned measures how well the latency of a pruned network is predicted from times of
// variants of its blocks. Of a random network of a space the blocks are measured with each
// structure removed to several degrees, and a predictor is fitted. A session of its own times
// others, whose blocks are pruned to any degree, that it must predict. Sessions may differ by some
// percent, which is no error of the curves: the last column tells how much longer the whole network
// took. It prints Markdown.
//
//	go run ./tools/bench/pruned -space ofa-mbv3 -resolution 160
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

func main() {
	b := &bench{runtime: profiles.Native{Threads: 1}}
	name := flag.String("space", "ofa-mbv3", "search space")
	resolution := flag.Int("resolution", 160, "of the network, in pixels")
	structures := flag.String("structures", "weights,vectors16,channels", "what to remove")
	flag.IntVar(&b.others, "others", 30, "prunings to predict")
	flag.DurationVar(&b.budget, "budget", 0,
		"time for the variants; default what their number needs")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of the network and its prunings")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, os.Stdout, *name, *resolution, strings.Split(*structures,
		",")); err != nil {
		fmt.Fprintln(os.Stderr, "pruned:", err)
		os.Exit(1)
	}
}

type bench struct {
	runtime profiles.Runtime
	others  int
	budget  time.Duration
	seed    uint64
}

func (b *bench) run(ctx context.Context, w io.Writer, name string, resolution int,
	structures []string) error {
	space, err := supernet.LoadSpace(name)
	if err != nil {
		return err
	}
	here, err := device.Describe(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(space.Resolutions, resolution) || b.others < 1 {
		return errors.New("expected a resolution of the space, and one other pruning at least")
	}
	arch := space.Random(rand.New(rand.NewPCG(b.seed, 0)))
	arch.Resolution = uint16(resolution)
	network := space.Blocks(arch)
	fmt.Fprintf(w, "%s, %s, %s %s threads=%d, seed %d. A random network of %s at %d px, %.1f M MACs in %d blocks; %d other prunings.\n\n",
		here.CPU.Brand, here.Arch, b.runtime.Info().Name, b.runtime.Info().Version,
		b.runtime.Info().Threads, b.seed, space.Name, resolution,
		float64(supernet.MACs(network))/1e6, len(network), b.others)
	fmt.Fprintln(w, "| removed | variants | seconds | whole, ms | least, ms | held-out error | error on others | bias | error without bias | within the 90 % interval | whole in the other session |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|")
	for _, s := range structures {
		if err := b.measure(ctx, w, network, supernet.Structure(s)); err != nil {
			return err
		}
	}
	return nil
}

// measure prints the line of a structure.
func (b *bench) measure(ctx context.Context, w io.Writer, network []supernet.Block,
	structure supernet.Structure) error {
	settings := profiles.VariantDefaults()
	settings.Budget, settings.Seed = cmp.Or(b.budget, settings.Budget), b.seed
	v, err := profiles.MeasureVariants(ctx, b.runtime, network, structure, settings)
	if err != nil {
		return err
	}
	p, err := fit(network, v)
	if err != nil {
		return err
	}
	prunings, err := b.prunings(network, structure)
	if err != nil {
		return err
	}
	timings, session, err := profiles.Networks(ctx, b.runtime, append(prunings, network),
		profiles.Reference{}, time.Duration(b.others)*time.Second/2, b.seed)
	if err != nil {
		return err
	}
	sessions := timings[b.others].LatencyMS/v.Networks[0].LatencyMS - 1
	var sum, bias, spread, within float64
	ratios := make([]float64, b.others) // predicted by measured
	for i, t := range timings[:b.others] {
		ms, err := p.Predict(prunings[i])
		if err != nil {
			return err
		}
		ratios[i] = ms / t.LatencyMS
		sum, bias = sum+math.Abs(ratios[i]-1), bias+ratios[i]-1
		if low, high := p.Interval.Around(ms); low <= t.LatencyMS && t.LatencyMS <= high {
			within++
		}
	}
	n := float64(b.others)
	for _, r := range ratios {
		spread += math.Abs(r/(1+bias/n) - 1)
	}
	fmt.Fprintf(w, "| %s | %d | %.0f | %.3f | %.3f | %.1f %% | %.1f %% | %+.1f %% | %.1f %% | %.0f %% | %+.1f %% |\n", structure, len(v.Blocks),
		v.Session.Seconds+v.NetworkSession.Seconds+session.Seconds, v.Networks[0].LatencyMS,
		p.Min(), 100*p.HeldOut.MAPE, 100*sum/n, 100*bias/n, 100*spread/n,
		100*within/n, 100*sessions)
	return nil
}

func fit(network []supernet.Block, v *profiles.Variants) (*predictor.Pruned, error) {
	var blocks []predictor.BlockTime
	for _, t := range v.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: t.Block, MS: t.LatencyMS})
	}
	var networks []predictor.PrunedTime
	for _, t := range v.Networks {
		networks = append(networks, predictor.PrunedTime{Blocks: t.Blocks, MS: t.LatencyMS})
	}
	return predictor.FitPruned(network, v.Structure, blocks, networks)
}

// prunings draws networks: each may be pruned up to a degree of its own, and each block up to that.
func (b *bench) prunings(network []supernet.Block,
	structure supernet.Structure) ([][]supernet.Block, error) {
	r := rand.New(rand.NewPCG(b.seed, 1))
	all := make([][]supernet.Block, b.others)
	for i := range all {
		all[i] = slices.Clone(network)
		degree := r.Float64()
		for k, block := range network {
			if !block.Prunable(structure) {
				continue
			}
			share := degree * r.Float64()
			amount := int(share * 99)
			if structure == supernet.Channels {
				mids := block.Mids()
				amount = block.MiddleChannels() - mids[int((1-share)*float64(len(mids)-1))]
			}
			var err error
			if all[i][k], err = block.Remove(structure, amount); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
