package search

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

const (
	// boundWork is how many multiply-adds a bound may take by default: about a second.
	boundWork = 1_000_000_000
	// boundSteps is how many regions are bounded by default at most.
	boundSteps = 200
)

// BoundSteps is the default of the steps of [Bound]: up to 200 regions, as many as take about a
// second. It is 0 if the accuracy predictor is no [Bounder], or takes longer than that for one
// region of each resolution.
func BoundSteps(q Query) int {
	b, ok := q.Accuracy.(Bounder)
	if !ok {
		return 0
	}
	steps := min(boundSteps, boundWork/max(b.UpperWork(), 1))
	if steps < len(q.Space.Resolutions) {
		return 0
	}
	return steps
}

// Bound is a certain upper bound on the predicted top-1 (0 to 1) of all networks within the query's
// limits. It is a branch and bound: it bounds each resolution, then splits the region with the
// largest bound again and again, until it has bounded steps regions. found is the top-1 of the best
// network known, and the bound is never below it. It is false if a predictor offers no bound, the
// bound is not finite, or there are fewer steps than resolutions.
func Bound(ctx context.Context, q Query, found float64, steps int) (float64, bool, error) {
	b, ok := q.Accuracy.(Bounder)
	if !ok || steps < 1 {
		return 0, false, nil
	}
	f, err := newFinder(q)
	if err != nil {
		return 0, false, err
	}
	s := &bounding{finder: f, bounder: b, found: found, steps: steps}
	for _, r := range f.Resolutions {
		budgets, ok := f.budgets(r)
		if !ok || s.steps == 0 {
			return 0, false, nil
		}
		if err := s.add(choices.NewRegion(q.Space, r), budgets, math.Inf(1)); err != nil {
			return 0, false, err
		}
	}
	// Every part of a region costs a step; what would not be finished is left whole.
	for len(s.open) > 0 {
		parts := s.open[0].Split()
		if len(parts) > s.steps {
			break
		}
		if err := ctx.Err(); err != nil {
			return 0, false, fmt.Errorf("bound: %w", err)
		}
		widest := heap.Pop(&s.open).(region)
		for _, p := range parts {
			if err := s.add(p, widest.budgets, widest.upper); err != nil {
				return 0, false, err
			}
		}
	}
	if len(s.open) > 0 {
		upper := s.open[0].upper
		return upper, upper <= math.MaxFloat64, nil // beyond, it says nothing
	}
	return s.found, true, nil
}

// budgets are the query's limits at a resolution, each as a sum over a network's choices that may
// not exceed a value. It is false if a limit is on a predicted cost that is no such sum.
func (f *finder) budgets(resolution int) (all []choices.Budget, ok bool) {
	add := func(cost choices.Affine, limit float64) {
		// Sums may be rounded another way here than where they are predicted.
		all = append(all, choices.Budget{Cost: cost, Limit: limit * (1 + 1e-9)})
	}
	for _, c := range []Cost{Latency, Energy} {
		limit := c.Limited(f.Limits)
		if limit == 0 {
			continue
		}
		sum, ok := f.predictorOf(c).(AdditiveCost)
		if !ok {
			return nil, false
		}
		add(sum.Affine(resolution), limit)
	}
	if limit := f.Limits.MACs; limit != 0 {
		add(f.macs.Affine(resolution), float64(limit))
	}
	if limit := f.Limits.Params; limit != 0 {
		add(f.params.Affine(resolution), float64(limit))
	}
	if limit := f.Limits.MemoryBytes; limit != 0 { // no block may be over it
		add(f.memory.Over(resolution, float64(limit)), 0.5)
	}
	if limit := f.Limits.SizeBytes; limit != 0 {
		add(f.size.Affine(resolution), float64(limit-manifest.FileFrame))
	}
	return all, true
}

// bounding is the state of a branch and bound.
type bounding struct {
	*finder
	bounder Bounder
	found   float64 // top-1 of the best network known
	steps   int     // left
	open    regions // still to be split
}

// region is part of the space that may have a network better than the best one known.
type region struct {
	*choices.Region
	budgets []choices.Budget
	upper   float64 // bound on the top-1 of its networks
	number  int     // of the step, which orders regions with equal bounds
}

// add bounds a region, and keeps it if it may have a better network. known is the bound of the
// region that it is part of. Of a region with a single network, the top-1 is predicted instead.
func (s *bounding) add(r *choices.Region, budgets []choices.Budget, known float64) error {
	s.steps--
	upper := min(known, s.bounder.Upper(r, budgets))
	if upper <= s.found {
		return nil
	}
	if a, ok := r.Only(); ok {
		return s.settle(a)
	}
	heap.Push(&s.open, region{r, budgets, upper, s.steps})
	return nil
}

// settle predicts the top-1 of one network, which is then the best known if it is within the limits
// and better.
func (s *bounding) settle(a supernet.Arch) error {
	top1, err := s.Accuracy.Predict([]supernet.Arch{a})
	if err != nil {
		return fmt.Errorf("predict accuracy: %w", err)
	}
	costs, err := s.costsOf(a)
	if err != nil {
		return err
	}
	if s.Limits.Hold(costs) {
		s.found = max(s.found, top1[0])
	}
	return nil
}

// regions is a heap, the largest bound first.
type regions []region

func (r regions) Len() int { return len(r) }

func (r regions) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(r[j].upper, r[i].upper), cmp.Compare(r[j].number, r[i].number)) < 0
}

func (r regions) Swap(i, j int) { r[i], r[j] = r[j], r[i] }
func (r *regions) Push(x any)   { *r = append(*r, x.(region)) }

func (r *regions) Pop() any {
	last := len(*r) - 1
	x := (*r)[last]
	*r = (*r)[:last]
	return x
}
