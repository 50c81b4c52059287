package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
)

// measured is a profile: what its blocks take alone, and its whole networks in a random order.
type measured struct {
	name     string
	blocks   []predictor.BlockTime
	networks []predictor.NetworkTime
	// noise is the mean error that the networks' own intervals stand for, as a share.
	noise float64
}

// openMeasured reads profiles, which must be of the space.
func (b *bench) openMeasured(paths string) (all []measured, err error) {
	for path := range strings.SplitSeq(paths, ",") {
		p, err := profiles.Load(path)
		if err != nil {
			return nil, err
		}
		if p.SpaceSHA256 != b.space.SHA256() {
			return nil, fmt.Errorf("%s is of another space than %s", path, b.space.Name)
		}
		m := measured{name: strings.TrimSuffix(filepath.Base(path), ".json")}
		for _, t := range p.Blocks {
			m.blocks = append(m.blocks, predictor.BlockTime{Block: t.Block, MS: t.LatencyMS})
		}
		for _, t := range p.Networks {
			a, err := b.space.Arch(t.Arch)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			m.networks = append(m.networks, predictor.NetworkTime{Arch: a, MS: t.LatencyMS})
			m.noise += noiseOf(t.CIHighMS-t.CILowMS, t.LatencyMS) / float64(len(p.Networks))
		}
		r := rand.New(rand.NewPCG(b.seed, 3))
		r.Shuffle(len(m.networks), func(i, j int) {
			m.networks[i], m.networks[j] = m.networks[j], m.networks[i]
		})
		all = append(all, m)
	}
	return all, nil
}

// noiseOf is the mean error, as a share, of a time whose 95 % interval is so wide, if errors are
// normal: of a standard deviation s it is s·√(2/π).
func noiseOf(width, ms float64) float64 {
	return width / (2 * 1.96) * math.Sqrt(2/math.Pi) / ms
}

// leastLeft is how many networks of a profile must be left to be predicted.
const leastLeft = 30

// learning fits to so many of a profile's networks, alone and with its blocks, and compares with
// the networks that are never fitted to.
func (b *bench) learning(w io.Writer, paths string) error {
	all, err := b.openMeasured(paths)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "| profile | noise | networks fitted to | from them alone | by | rho | "+
		"with blocks | by | rho |\n|---|---|---|---|---|---|---|---|---|")
	for _, m := range all {
		sizes := []int{20, 50, 100, 200, 400}
		sizes = slices.DeleteFunc(sizes, func(n int) bool { return n+leastLeft > len(m.networks) })
		if len(sizes) == 0 {
			return fmt.Errorf("%s has %d networks, expected %d or more", m.name, len(m.networks),
				20+leastLeft)
		}
		left := m.networks[slices.Max(sizes):]
		for _, n := range sizes {
			fmt.Fprintf(w, "| %s | %.2f %% | %d", m.name, 100*m.noise, n)
			for _, blocks := range [][]predictor.BlockTime{nil, m.blocks} {
				l, err := predictor.FitLatency(b.space, blocks, m.networks[:n], regress.Defaults())
				if err != nil {
					return err
				}
				h, err := compare(l, left)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, " | %.2f %% | %s | %.4f", 100*h.MAPE, method(l), h.Spearman)
			}
			fmt.Fprintln(w, " |")
		}
	}
	return nil
}

// method is the form of predictor that was taken.
func method(l *predictor.Latency) string {
	if len(l.Candidates) == 0 {
		return "-"
	}
	return l.Candidates[0].Method
}

// between transfers from each profile's predictor, and from those of all others, to each.
func (b *bench) between(w io.Writer, paths string, draws int) error {
	all, err := b.openMeasured(paths)
	if err != nil {
		return err
	}
	sources := make([]*predictor.Latency, len(all))
	for i, m := range all {
		if sources[i], err = predictor.FitLatency(b.space, m.blocks, m.networks,
			regress.Defaults()); err != nil {
			return err
		}
	}
	transferHeading(w)
	for to, m := range all {
		left := m.networks[len(m.networks)/2:]
		draw := func(n int, draw uint64) []predictor.NetworkTime {
			r := rand.New(rand.NewPCG(b.seed, 100+draw))
			some := make([]predictor.NetworkTime, n)
			for i, k := range r.Perm(len(m.networks) / 2)[:n] {
				some[i] = m.networks[k]
			}
			return some
		}
		var others []*predictor.Latency
		for from, source := range sources {
			if from == to {
				continue
			}
			others = append(others, source)
			name := all[from].name + " to " + m.name
			if err := b.compareDraws(w, name, sources[from:from+1], left, draw, draws); err != nil {
				return err
			}
		}
		if len(others) > 1 {
			if err := b.compareDraws(w, "all others to "+m.name, others, left, draw,
				draws); err != nil {
				return err
			}
		}
	}
	return nil
}
