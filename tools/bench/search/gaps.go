package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// longSeeds is how many long searches look for the best there is.
const longSeeds = 3

// gaps prints how far the answers of searches and fronts are from the best of some long searches,
// and from their likely bounds, and how many of these that best stays below.
func (b *bench) gaps(w io.Writer, fronts []*search.Front, long int) error {
	fmt.Fprintf(w, "\nThe best known is the best of %d searches of %d evaluations and all others here. In points of top-1, medians of %d seeds and, in brackets, the largest:\n\n", longSeeds, long, b.seeds)
	fmt.Fprintln(w, "| budget | best known | search is short by | likely gap | bounds that held | front is short by | likely gap | bounds that held |\n|---|---|---|---|---|---|---|---|")
	for _, ms := range b.budgets {
		var found, ofFronts answers
		for seed := uint64(1); seed <= uint64(b.seeds); seed++ {
			a, err := search.Find(context.Background(), b.query(ms), seeded(seed, optimize.Auto))
			if err != nil {
				return err
			}
			bound, ok, err := a.LikelyBound()
			if err := found.add(a.Best[0].Top1, bound, ok, err); err != nil {
				return err
			}
		}
		for _, f := range fronts {
			limits := search.Limits{LatencyMS: ms}
			best, _ := f.Best(limits)
			bound, ok, err := f.LikelyBound(limits)
			if err := ofFronts.add(best.Top1, bound, ok, err); err != nil {
				return err
			}
		}
		known := max(slices.Max(found.top1), slices.Max(ofFronts.top1))
		for seed := range uint64(longSeeds) {
			a, err := search.Find(context.Background(), b.query(ms), seeded(seed+1, long))
			if err != nil {
				return err
			}
			known = max(known, a.Best[0].Top1)
		}
		fmt.Fprintf(w, "| %v ms | %.4f | %s | %s |\n", ms, known, found.row(known),
			ofFronts.row(known))
	}
	return nil
}

// short prints by how much searches are short of the best known, and how long one took.
func (b *bench) short(w io.Writer, known []float64) error {
	if len(known) != len(b.budgets) {
		return fmt.Errorf("best known of %d budgets, expected %d", len(known), len(b.budgets))
	}
	fmt.Fprintf(w, "| budget | best known | median of %d seeds | largest | seconds |\n", b.seeds)
	fmt.Fprintln(w, "|---|---|---|---|---|")
	for i, ms := range b.budgets {
		var short []float64
		began := time.Now()
		for seed := 1; seed <= b.seeds; seed++ {
			a, err := search.Find(context.Background(), b.query(ms),
				seeded(uint64(seed), optimize.Auto))
			if err != nil {
				return err
			}
			short = append(short, 100*(known[i]-a.Best[0].Top1))
		}
		fmt.Fprintf(w, "| %v ms | %.5f | %.2f | %.2f | %.2f |\n", ms, known[i], median(short),
			slices.Max(short), time.Since(began).Seconds()/float64(b.seeds))
	}
	return nil
}

// answers are by seed.
type answers struct{ top1, bounds []float64 }

func (a *answers) add(top1, bound float64, ok bool, err error) error {
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("no likely bound of %v", top1)
	}
	a.top1, a.bounds = append(a.top1, top1), append(a.bounds, bound)
	return nil
}

func (a *answers) row(known float64) string {
	var short, gap []float64
	held := 0
	for i, v := range a.top1 {
		short, gap = append(short, 100*(known-v)), append(gap, 100*(a.bounds[i]-v))
		if a.bounds[i] >= known {
			held++
		}
	}
	return fmt.Sprintf("%.2f (%.2f) | %.2f (%.2f) | %d of %d", median(short), slices.Max(short),
		median(gap), slices.Max(gap), held, len(gap))
}
