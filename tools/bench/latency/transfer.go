package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// pair is a device and the predictors of others to transfer from.
type pair struct {
	name string
	from []*predictor.Latency
	to   device
}

// pairs go from tables and invented devices to others, alike and not.
func (b *bench) pairs() (all []pair, err error) {
	shaped, err := predictor.FitLatency(b.space, b.inventory(""), nil, regress.Defaults())
	if err != nil {
		return nil, err
	}
	strange, err := predictor.FitLatency(b.space, b.inventory("strange"), nil,
		regress.Defaults())
	if err != nil {
		return nil, err
	}
	near := device{"near", func(a supernet.Arch) float64 {
		ms := 1.0
		for _, block := range b.space.Blocks(a) {
			ms += 0.8*b.blockMS("", block) + 0.2*b.blockMS("near", block)
		}
		return ms
	}}
	table := b.devices()[0]
	return []pair{
		{"a device to one like it", []*predictor.Latency{shaped}, near},
		{"another device to it", []*predictor.Latency{strange}, near},
		{"tables, another device and that one to it",
			[]*predictor.Latency{b.table, strange, shaped}, near},
		{"two invented devices to tables", []*predictor.Latency{shaped, strange}, table},
	}, nil
}

// transfers compares with fits to the same networks alone.
func (b *bench) transfers(w io.Writer, draws int) error {
	pairs, err := b.pairs()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s at %v px, noise of %.1f %%. Mean error on %d other networks without noise, "+
		"over %d draws:\n\n", b.space.Name, b.resolutions, 100*b.noise, unseen, draws)
	fmt.Fprintln(w, "| from, to | networks fitted to | transferred | from these networks alone | "+
		"worse by |\n|---|---|---|---|---|")
	for _, p := range pairs {
		for _, n := range []int{5, 10, 20, 50} {
			with, without, err := b.draws(p, n, draws)
			if err != nil {
				return err
			}
			alone := []string{"-", "-"}
			if without > 0 {
				alone = []string{fmt.Sprintf("%.2f %%", 100*without),
					fmt.Sprintf("%+.0f %%", 100*(with/without-1))}
			}
			fmt.Fprintf(w, "| %s | %d | %.2f %% | %s |\n", p.name, n, 100*with,
				strings.Join(alone, " | "))
		}
	}
	return nil
}

// draws are mean errors with a transfer and without; the latter is 0 where there is none.
func (b *bench) draws(p pair, n, draws int) (with, without float64, err error) {
	others := b.timed(p.to, unseen, 0, 2)
	for draw := range draws {
		few := b.timed(p.to, n, b.noise, uint64(100+draw))
		l, err := predictor.TransferLatency(p.from, few, regress.Defaults())
		if err != nil {
			return 0, 0, err
		}
		h, err := compare(l, others)
		if err != nil {
			return 0, 0, err
		}
		with += h.MAPE / float64(draws)
		if n < regress.MinRows {
			continue
		}
		if l, err = predictor.FitLatency(b.space, nil, few, regress.Defaults()); err != nil {
			return 0, 0, err
		}
		if h, err = compare(l, others); err != nil {
			return 0, 0, err
		}
		without += h.MAPE / float64(draws)
	}
	return with, without, nil
}
