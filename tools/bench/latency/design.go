package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"

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
	byKernel := func(_ int, b supernet.Block) float64 { return 1 + 0.05*float64(max(b.Kernel, 1)-3) }
	bySize := func(r int, _ supernet.Block) float64 { return math.Pow(float64(r)/192, 0.5) }
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
		truth := b.times(p.to, others, 0, 0)
		var byMACs, chosen [timedFew/10 + 1][]float64
		for i := range draws {
			seed := b.seed + uint64(i)
			d, err := design.Draw(b.space, p.from, timedFew, seed)
			if err != nil {
				return err
			}
			if err := b.errorsOf(p, choices.Sample(space, timedFew, seed), seed, truth,
				&byMACs); err != nil {
				return err
			}
			if err := b.errorsOf(p, d.Archs, seed, truth, &chosen); err != nil {
				return err
			}
		}
		for i := range byMACs[1:] {
			fmt.Fprintf(w, "| %s | %d | %d | %s | %s |\n", p.name, len(p.from), 10*(i+1),
				spread(byMACs[i+1]), spread(chosen[i+1]))
		}
	}
	return nil
}

// errorsOf adds the error of a transfer to the first 10 networks, to the first 20, and so on.
func (b *bench) errorsOf(p pair, archs []supernet.Arch, seed uint64, truth []predictor.NetworkTime,
	all *[timedFew/10 + 1][]float64) error {
	few := b.times(p.to, archs, b.noise, seed)
	for n := 10; n <= timedFew; n += 10 {
		l, err := predictor.TransferLatency(p.from, few[:n], regress.Defaults())
		if err != nil {
			return err
		}
		h, err := compare(l, truth)
		if err != nil {
			return err
		}
		all[n/10] = append(all[n/10], h.MAPE)
	}
	return nil
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
func spread(errs []float64) string {
	slices.Sort(errs)
	return fmt.Sprintf("%.2f %% (%.2f)", 100*regress.Median(errs), 100*errs[len(errs)*4/5])
}
