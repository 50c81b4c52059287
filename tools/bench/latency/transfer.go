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
	transferHeading(w)
	for _, p := range pairs {
		draw := func(n int, draw uint64) []predictor.NetworkTime {
			return b.timed(p.to, n, b.noise, 100+draw)
		}
		if err := b.compareDraws(w, p.name, p.from, b.timed(p.to, unseen, 0, 2), draw,
			draws); err != nil {
			return err
		}
	}
	return nil
}

func transferHeading(w io.Writer) {
	fmt.Fprintln(w, "| from, to | networks fitted to | transferred | from these networks alone | "+
		"worse by |\n|---|---|---|---|---|")
}

// compareDraws prints mean errors on other networks, by how many were drawn.
func (b *bench) compareDraws(w io.Writer, name string, from []*predictor.Latency,
	others []predictor.NetworkTime, draw func(n int, draw uint64) []predictor.NetworkTime,
	draws int) error {
	for _, n := range []int{5, 10, 20, 50} {
		var with, without float64
		for i := range draws {
			few := draw(n, uint64(i))
			one, other, err := b.drawn(from, few, others)
			if err != nil {
				return err
			}
			with, without = with+one/float64(draws), without+other/float64(draws)
		}
		alone := []string{"-", "-"}
		if without > 0 {
			alone = []string{fmt.Sprintf("%.2f %%", 100*without),
				fmt.Sprintf("%+.0f %%", 100*(with/without-1))}
		}
		fmt.Fprintf(w, "| %s | %d | %.2f %% | %s |\n", name, n, 100*with,
			strings.Join(alone, " | "))
	}
	return nil
}

// drawn are errors with a transfer and without; the latter is 0 where there is none.
func (b *bench) drawn(from []*predictor.Latency, few, others []predictor.NetworkTime) (with,
	without float64, err error) {
	l, err := predictor.TransferLatency(from, few, regress.Defaults())
	if err != nil {
		return 0, 0, err
	}
	h, err := compare(l, others)
	if err != nil || len(few) < regress.MinRows {
		return h.MAPE, 0, err
	}
	if l, err = predictor.FitLatency(b.space, nil, few, regress.Defaults()); err != nil {
		return 0, 0, err
	}
	alone, err := compare(l, others)
	return h.MAPE, alone.MAPE, err
}
