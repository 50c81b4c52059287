package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/search"
)

// longSeeds is where the seeds begin of searches for the best there is, and longEach how many
// evaluations each has at most: where fewer are enough it ends by itself.
const longSeeds, longEach = 1001, 40_000

// compare notes what a search within a budget found, and its likely bound.
func (b *bench) compare(ms float64, a *search.Answer) error {
	if b.found[ms] == nil {
		b.found[ms] = &answers{}
	}
	bound, ok, err := a.LikelyBound()
	return b.found[ms].add(a.Best[0].Top1, bound, ok, err)
}

// gaps prints how far the answers of searches and fronts are from the best known, for which it
// searches long if asked to, and from their likely bounds, and how many of these the best stays
// below.
func (b *bench) gaps(w io.Writer, fronts []*search.Front, long int) error {
	what := "what was known and of all here"
	if long > 0 {
		what += fmt.Sprintf(" and of searches with seeds from %d on, %d evaluations together", longSeeds, long)
	}
	fmt.Fprintf(w, "\nThe best known is the best of %s. In points of top-1, medians of %d seeds and, in brackets, the largest:\n\n", what, b.seeds)
	fmt.Fprintln(w, "| budget | best known | search is short by | likely gap | bounds that held | front is short by | likely gap | bounds that held |\n|---|---|---|---|---|---|---|---|")
	var searches, ofAll []float64
	for i, ms := range b.budgets {
		var ofFronts answers
		for _, f := range fronts {
			limits := search.Limits{LatencyMS: ms}
			best, _ := f.Best(limits)
			bound, ok, err := f.LikelyBound(limits)
			if err := ofFronts.add(best.Top1, bound, ok, err); err != nil {
				return err
			}
		}
		found := b.found[ms]
		known := max(slices.Max(found.top1), slices.Max(ofFronts.top1))
		if b.known != nil {
			known = max(known, b.known[i])
		}
		spent := 0
		for seed := uint64(longSeeds); spent < long; seed++ {
			a, err := search.Find(context.Background(), b.query(ms), seeded(seed, longEach))
			if err != nil {
				return err
			}
			spent += a.Evaluations
			known = max(known, a.Best[0].Top1)
		}
		fmt.Fprintf(w, "| %v ms | %.5f | %s | %s |\n", ms, known, found.row(known),
			ofFronts.row(known))
		searches = short(searches, found.top1, known)
		ofAll = short(ofAll, ofFronts.top1, known)
	}
	fmt.Fprintf(w, "\nIn the mean, a search is short by %.3f and a front by %.3f.\n",
		mean(searches), mean(ofAll))
	return nil
}

// short adds by how many points values are below the best known.
func short(all, top1 []float64, known float64) []float64 {
	for _, v := range top1 {
		all = append(all, 100*(known-v))
	}
	return all
}

func mean(all []float64) (m float64) {
	for _, v := range all {
		m += v / float64(len(all))
	}
	return m
}

// answers are by seed.
type answers struct{ top1, bounds []float64 }

// add notes an answer and its likely bound, NaN if there is none.
func (a *answers) add(top1, bound float64, ok bool, err error) error {
	if !ok {
		bound = math.NaN()
	}
	a.top1, a.bounds = append(a.top1, top1), append(a.bounds, bound)
	return err
}

func (a *answers) row(known float64) string {
	var gap []float64
	held := 0
	for i, bound := range a.bounds {
		if math.IsNaN(bound) {
			continue
		}
		gap = append(gap, 100*(bound-a.top1[i]))
		if bound >= known {
			held++
		}
	}
	all := short(nil, a.top1, known)
	said := fmt.Sprintf("%.2f (%.2f)", median(all), slices.Max(all))
	if len(gap) == 0 {
		return said + " | - | 0 of 0"
	}
	return said + fmt.Sprintf(" | %.2f (%.2f) | %d of %d", median(gap), slices.Max(gap), held,
		len(gap))
}
