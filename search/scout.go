package search

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
)

const (
	// scoutShare of the evaluations goes to short searches of groups of resolutions.
	scoutShare = 0.2
	// maxScouts is how many groups there are at most, and keptScouts how many of them the main
	// search then covers.
	maxScouts, keptScouts = 5, 2
	// minScout is how many evaluations each short search must have, or there are none.
	minScout = 1000
)

// scouted is a search in two steps. A change of resolution changes what all other genes are worth,
// so that a population settles early for the resolution of its best few members, and hardly leaves
// it again. So each group of resolutions is first searched separately for a while; the best groups
// are then searched together, starting from what was found in them.
func (f *finder) scouted(ctx context.Context, c optimize.Config) (*Answer, error) {
	parts := slices.Collect(slices.Chunk(f.Resolutions, (len(f.Resolutions)+maxScouts-1)/maxScouts))
	var scouts []scout
	var before []*Answer
	spent := 0
	for _, part := range parts {
		s := scout{resolutions: part}
		short := c
		short.Evaluations, short.Restarts, short.Progress = int(scoutShare*float64(c.Evaluations))/
			len(parts), 0, after(c, spent, c.Evaluations)
		a, err := f.at(part).answer(optimize.Minimize(ctx, f.at(part).problem(), short))
		if a != nil {
			spent += a.Evaluations
			before = append(before, a)
		}
		var infeasible *optimize.InfeasibleError
		if errors.As(err, &infeasible) {
			continue
		}
		if err != nil {
			return a, err
		}
		s.best = a.Best
		scouts = append(scouts, s)
	}
	slices.SortStableFunc(scouts, func(a, b scout) int {
		return cmp.Compare(b.best[0].Top1,
			a.best[0].Top1)
	})
	c.Progress = after(c, spent, c.Evaluations)
	c.Evaluations -= spent
	kept := f
	var seeds []optimize.Genes
	if len(scouts) > 0 {
		var resolutions []int
		for _, s := range scouts[:min(keptScouts, len(scouts))] {
			resolutions = append(resolutions, s.resolutions...)
			for _, b := range s.best {
				seeds = append(seeds, f.Space.Encode(b.Arch))
			}
		}
		slices.Sort(resolutions)
		kept = f.at(resolutions)
	}
	p := kept.problem()
	p.Seeds = append(p.Seeds, seeds...)
	a, err := kept.answer(optimize.Minimize(ctx, p, c))
	if a != nil {
		a.examined.finder = f
		a.follow(before)
	}
	return a, err
}

// after is the progress of a part of a search: some evaluations were spent before, of all.
func after(c optimize.Config, spent, all int) func(optimize.Progress) {
	if c.Progress == nil {
		return nil
	}
	return func(p optimize.Progress) {
		p.Evaluations += spent
		p.Budget = all
		c.Progress(p)
	}
}

// scout is what the short search of a group of resolutions found.
type scout struct {
	resolutions []int
	best        []Found
}

// at is the finder restricted to some resolutions.
func (f *finder) at(resolutions []int) *finder {
	part := *f
	part.among(resolutions)
	return &part
}

// follow puts the evaluations, the history and the runs of earlier searches before those of a. It
// takes back that a was exhaustive, as a did not cover the whole space.
func (a *Answer) follow(before []*Answer) {
	var all []optimize.Point
	var runs []*optimize.Result
	evaluations, feasible := 0, 0
	for _, earlier := range append(before, a) {
		for _, p := range earlier.History {
			p.Evaluations += evaluations
			p.Feasible += feasible
			if n := len(all); n == 0 || all[n-1].Best == nil || p.Best != nil &&
				p.Best[0] < all[n-1].Best[0] {
				all = append(all, p)
			}
		}
		evaluations += earlier.Evaluations
		runs = append(runs, earlier.examined.runs...)
		if n := len(earlier.History); n > 0 {
			feasible += earlier.History[n-1].Feasible
		}
	}
	if n := len(all); n > 0 && all[n-1].Evaluations < evaluations {
		all = append(all, optimize.Point{Evaluations: evaluations, Feasible: feasible,
			Best: all[n-1].Best})
	}
	a.Evaluations, a.History, a.examined.runs = evaluations, all, runs
	if a.Status == optimize.Exhausted {
		a.Status = optimize.Converged
	}
}
