package search

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// A likely bound is computed from the likelyBest examined networks of the highest predicted top-1,
// and from the likelyPerResolution best of each resolution.
const (
	likelyBest          = 5000
	likelyPerResolution = 1000
)

// examined holds the networks that a search examined: those whose top-1 it predicted.
type examined struct {
	*finder
	runs     []*optimize.Result
	networks []network // of a front, best first; nil until a likely bound is asked for
}

// network is an examined network: within the limits or, as its violation is at most near, almost.
type network struct {
	genes optimize.Genes
	top1  float64
	costs Costs // set for a front only
}

// LikelyBound is an estimated upper bound on the predicted top-1 (0 to 1) of all networks within
// the limits. It is no proof: it assumes that networks which the search did not examine deviate no
// more from an additive model than those which it did.
//
// The additive model is a sum with a term for each choice of a network, fitted to the most accurate
// examined networks. The bound is an upper bound on the model's largest value within the limits (by
// Lagrangian relaxation), plus the largest residual: how far an examined network was above the
// model. It works with any predictor, where [Bound] needs a [Bounder]. It is never below the best
// network found. It is false if the search examined too few networks, or if there is a limit on a
// predicted cost that is no [AdditiveCost].
func (a *Answer) LikelyBound() (float64, bool, error) {
	if len(a.Best) == 0 {
		return 0, false, nil
	}
	var networks []network
	for c := range a.examined.candidates() {
		networks = append(networks, network{genes: c.Genes, top1: -c.Objectives[0]})
	}
	bestFirst(networks)
	return a.examined.likely(networks, a.Best[0].Top1)
}

// LikelyBound is an estimated upper bound like [Answer.LikelyBound], on the networks within limits
// that are the front's own or tighter.
func (f *Front) LikelyBound(limits Limits) (float64, bool, error) {
	found, ok := f.Best(limits)
	if !ok {
		return 0, false, nil
	}
	if f.examined.networks == nil {
		if err := f.examined.computeCosts(); err != nil {
			return 0, false, err
		}
	}
	var networks []network
	for _, n := range f.examined.networks {
		if limits.Excess(n.costs) <= near {
			networks = append(networks, n)
		}
	}
	within := *f.examined.finder
	within.Limits = limits
	return within.likely(networks, found.Top1)
}

// candidates yields the examined networks, which are those with a predicted top-1.
func (e *examined) candidates() iter.Seq[optimize.Candidate] {
	return func(yield func(optimize.Candidate) bool) {
		for _, r := range e.runs {
			for c := range r.All() {
				if c.Violation <= near && !yield(c) {
					return
				}
			}
		}
	}
}

// computeCosts fills in the networks with their costs, best first.
func (e *examined) computeCosts() error {
	var archs []supernet.Arch
	for c := range e.candidates() {
		e.networks = append(e.networks, network{genes: c.Genes, top1: -c.Objectives[0]})
		archs = append(archs, e.Space.Decode(c.Genes))
	}
	predicted, err := e.predicted(archs)
	if err != nil {
		return err
	}
	for i, a := range archs {
		e.networks[i].costs = e.counts.of(a, predicted[i])
	}
	bestFirst(e.networks)
	return nil
}

// likely computes the bound from examined networks, best first; found is the best top-1 found.
func (f *finder) likely(networks []network, found float64) (float64, bool, error) {
	var archs []supernet.Arch
	var top1 []float64
	for _, n := range foremost(networks) {
		archs = append(archs, f.Space.Decode(n.genes))
		top1 = append(top1, n.top1)
	}
	s, err := choices.FitSurrogate(f.Space, archs, top1)
	if errors.Is(err, choices.ErrTooFew) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	bound := found
	for _, r := range f.Resolutions {
		budgets, ok := f.budgets(r)
		if !ok {
			return 0, false, nil
		}
		upper, known := s.Upper(r, budgets)
		if !known {
			return 0, false, nil
		}
		bound = max(bound, upper)
	}
	return bound, true, nil
}

// bestFirst sorts by top-1, highest first, and equal ones by their genes, so that the order does
// not depend on that of the search.
func bestFirst(networks []network) {
	slices.SortFunc(networks, func(a, b network) int {
		if c := cmp.Compare(b.top1, a.top1); c != 0 {
			return c
		}
		return slices.Compare(a.genes, b.genes)
	})
}

// foremost keeps the likelyBest first networks, and the likelyPerResolution first of each
// resolution.
func foremost(networks []network) (kept []network) {
	count := map[uint16]int{}
	for i, n := range networks {
		r := n.genes[supernet.ResolutionGene]
		if count[r]++; i < likelyBest || count[r] <= likelyPerResolution {
			kept = append(kept, n)
		}
	}
	return kept
}
