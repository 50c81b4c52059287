// Command tables counts how many evaluations searches need to the best of tables of a few thousand
// values, of many kinds: optimize.Minimize with a model and without, local search with restarts,
// and random search.
//
//	go run ./tools/bench/tables -seeds 20
//
// It prints Markdown. Each seed draws a table of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/search/optimize"
)

// most is how many evaluations a search may make.
const most = 1000

// spaces are their genes: 6,561 and 15,625 points.
var spaces = [][]int{{3, 3, 3, 3, 3, 3, 3, 3}, {5, 5, 5, 5, 5, 5}}

// method gives the evaluations until the best of a table was found, more than most if it was not.
type method struct {
	name  string
	until func(t *table, seed uint64) (int, error)
}

var methods = []method{
	{"model", by(optimize.Minimize, optimize.Auto)},
	{"evolution", by(optimize.Minimize, 0)},
	{"local search", func(t *table, seed uint64) (int, error) { return t.restarts(seed), nil }},
	{"random", by(optimize.Random, 0)},
}

func main() {
	seeds := flag.Int("seeds", 20, "tables of each kind, and searches")
	only := flag.String("only", "", "part of the names of kinds; empty is all")
	flag.Parse()
	if err := run(max(*seeds, 1), *only); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

func run(seeds int, only string) error {
	fmt.Print("| table | points |")
	for _, m := range methods {
		fmt.Printf(" %s |", m.name)
	}
	fmt.Println("\n|---|---|" + strings.Repeat("---|", len(methods)))
	for _, k := range kinds {
		if !strings.Contains(k.name, only) {
			continue
		}
		for _, genes := range spaces {
			fmt.Printf("| %s | %d^%d |", k.name, genes[0], len(genes))
			for _, m := range methods {
				counts, err := m.counts(k, genes, seeds)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", k.name, m.name, err)
				}
				middle, high := quantile(counts, .5), quantile(counts, .75)
				fmt.Printf(" %s (%s) |", number(middle), number(high))
			}
			fmt.Println()
		}
	}
	return nil
}

// counts are sorted.
func (m method) counts(k kind, genes []int, seeds int) (counts []int, err error) {
	for seed := range uint64(seeds) {
		t := k.draw(genes, rand.New(rand.NewPCG(seed+1, 7)))
		t.solve()
		n, err := m.until(t, seed+1)
		if err != nil {
			return nil, err
		}
		counts = append(counts, n)
	}
	slices.Sort(counts)
	return counts, nil
}

// quantile of sorted counts is the mean of the two in the middle where there is none.
func quantile(counts []int, share float64) int {
	at := share * float64(len(counts)-1)
	return (counts[int(math.Floor(at))] + counts[int(math.Ceil(at))] + 1) / 2
}

func number(n int) string {
	if n >= most {
		return fmt.Sprintf("> %d", most)
	}
	return fmt.Sprint(n)
}

// by searches with so many evaluations by a model.
func by(search optimize.Method, modelled int) func(*table, uint64) (int, error) {
	return func(t *table, seed uint64) (int, error) {
		c := optimize.Defaults()
		c.Seed, c.Evaluations, c.Modelled = seed, most, modelled
		r, err := search(context.Background(), t.problem(), c)
		if err != nil && !errors.Is(err, optimize.ErrInfeasible) {
			return 0, err
		}
		for _, p := range r.History {
			if p.Best != nil && p.Best[0] <= t.best {
				return p.Evaluations, nil
			}
		}
		return most + 1, nil
	}
}

func (t *table) problem() optimize.Problem {
	return optimize.Problem{Genes: t.genes, Objectives: 1,
		Evaluate: func(_ context.Context, batch []optimize.Genes, out []optimize.Evaluation) error {
			for i, g := range batch {
				out[i].Objectives[0], out[i].Violation = t.value(g), t.violation(g)
			}
			return nil
		}}
}

func (t *table) violation(g optimize.Genes) float64 {
	if t.cost == nil {
		return 0
	}
	return max(0, t.cost(g)/t.limit-1)
}

// solve looks at every point.
func (t *table) solve() {
	t.best = math.Inf(1)
	each(t.genes, func(g optimize.Genes) {
		if t.violation(g) == 0 {
			t.best = min(t.best, t.value(g))
		}
	})
}
