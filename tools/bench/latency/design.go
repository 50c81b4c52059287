package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/design"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// newDevices are devices, and the predictors of others that are known: mixes of these, and others.
func (b *bench) newDevices() (all []pair, err error) {
	var invented []*predictor.Latency
	for _, name := range []string{"", "strange"} {
		l, err := predictor.FitLatency(b.space, b.inventory(name), nil, regress.Defaults())
		if err != nil {
			return nil, err
		}
		invented = append(invented, l)
	}
	table, one, other := b.table, invented[0], invented[1]
	mix := func(first, second *predictor.Latency, share, overhead float64,
		own func(r int, b supernet.Block) float64) device {
		return device{"", func(a supernet.Arch) float64 {
			ms := overhead
			for _, block := range b.space.Blocks(a) {
				f, _ := first.BlockMS(int(a.Resolution), block)
				s, _ := second.BlockMS(int(a.Resolution), block)
				ms += 1.3 * (share*f + (1-share)*s) * own(int(a.Resolution), block)
			}
			return ms
		}}
	}
	byKernel := func(_ int, block supernet.Block) float64 {
		return 1 + 0.05*float64(max(block.Kernel, 1)-3)
	}
	bySize := func(r int, _ supernet.Block) float64 { return math.Sqrt(float64(r) / 192) }
	three := []*predictor.Latency{table, one, other}
	return []pair{
		{"mix of tables and one, by kernel", three, mix(table, one, 0.6, 2, byKernel)},
		{"mix of one and the other, by resolution", three, mix(one, other, 0.5, 2, bySize)},
		{"tables, by resolution, of one source", three[:1], mix(table, table, 1, 2, bySize)},
		{"one, by kernel, of one source", three[1:2], mix(one, one, 1, 2, byKernel)},
		{"tables, of two invented", three[1:], device{"", b.tabled}},
		{"one, of two others", []*predictor.Latency{table, other}, device{"", b.shaped}},
	}, nil
}

// timedFew are the most networks that are timed.
const timedFew = 30

// designs compares networks that cover the range of MACs with those that a design chooses.
func (b *bench) designs(w io.Writer, draws int) error {
	pairs, err := b.newDevices()
	if err != nil {
		return err
	}
	space := b.known()
	others := choices.Sample(space, 500, b.seed+1<<32)
	fmt.Fprintf(w, "%s at %v px, noise of %.1f %%. Error on %d other networks without noise, median "+
		"of %d draws, and in brackets that which a fifth of the draws exceed:\n\n", b.space.Name,
		b.resolutions, 100*b.noise, len(others), draws)
	fmt.Fprintln(w, "| new device | sources | networks timed | by MACs | for the sources |\n"+
		"|---|---|---|---|---|")
	for _, p := range pairs {
		byMACs, chosen := make([]few, draws), make([]few, draws)
		if err := b.drawAll(p, space, b.times(p.to, others, 0, 0), byMACs, chosen); err != nil {
			return err
		}
		for i := range timedFew / 10 {
			fmt.Fprintf(w, "| %s | %d | %d | %s | %s |\n", p.name, len(p.from), 10*(i+1),
				spread(byMACs, i), spread(chosen, i))
		}
	}
	return nil
}

// few is what comes of 10, 20 and 30 networks: the errors.
type few struct{ errs [timedFew / 10]float64 }

// drawAll draws both ways, with a seed of its own for each draw, several at a time.
func (b *bench) drawAll(p pair, space *supernet.Space, truth []predictor.NetworkTime, byMACs,
	chosen []few) error {
	failed := make([]error, len(byMACs))
	var running sync.WaitGroup
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range byMACs {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			seed := b.seed + uint64(i)
			d, err := design.Draw(b.space, p.from, timedFew, seed)
			if err == nil {
				chosen[i], err = b.errorsOf(p, d.Archs, seed, truth)
			}
			if err == nil {
				byMACs[i], err = b.errorsOf(p, choices.Sample(space, timedFew, seed), seed, truth)
			}
			failed[i] = err
		})
	}
	running.Wait()
	return errors.Join(failed...)
}

// errorsOf are those of transfers to the first 10 networks, to the first 20, and so on.
func (b *bench) errorsOf(p pair, archs []supernet.Arch, seed uint64,
	truth []predictor.NetworkTime) (f few, err error) {
	timed := b.times(p.to, archs, b.noise, seed)
	for i := range f.errs {
		l, err := predictor.TransferLatency(p.from, timed[:10*(i+1)], regress.Defaults())
		if err != nil {
			return f, err
		}
		h, err := compare(l, truth)
		if err != nil {
			return f, err
		}
		f.errs[i] = h.MAPE
	}
	return f, nil
}

// known is the space at the resolutions of the tables.
func (b *bench) known() *supernet.Space {
	space := *b.space
	space.Resolutions = b.resolutions
	return &space
}

// times are networks with what they take on a device.
func (b *bench) times(d device, archs []supernet.Arch, noise float64,
	seed uint64) []predictor.NetworkTime {
	r := rand.New(rand.NewPCG(seed, 17))
	all := make([]predictor.NetworkTime, len(archs))
	for i, a := range archs {
		all[i] = predictor.NetworkTime{Arch: a, MS: d.network(a) * (1 + noise*r.NormFloat64())}
	}
	return all
}

// spread is the median of errors with the one that a fifth exceed.
func spread(draws []few, i int) string {
	errs := make([]float64, len(draws))
	for j, d := range draws {
		errs[j] = d.errs[i]
	}
	slices.Sort(errs)
	return fmt.Sprintf("%.2f %% (%.2f)", 100*regress.Median(errs), 100*errs[len(errs)*4/5])
}
