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

// Of the networks that a search looked at, a likely bound is made of the most accurate ones, and of
// so many at least of each resolution.
const (
	likelyBest          = 5000
	likelyPerResolution = 1000
)

// looked is what a search looked at.
type looked struct {
	*finder
	runs     []*optimize.Result
	networks []network // of a front, best first, once they are asked for
}

// network is a candidate that is within the limits, or near.
type network struct {
	genes            optimize.Genes
	top1             float64
	ms, macs, params float64 // of a front's
}

// LikelyBound is a value that the predicted accuracy of no network within the limits exceeds, if
// none departs more from a sum over its choices than those did that the search looked at: such a
// sum is fitted to the best of them, its largest value within the limits is bounded by Lagrangian
// relaxation, and the largest amount by which one of them was better than its sum is added. It
// works for any predictor, where [Bound] needs one that it can see through, but a network that was
// not looked at may depart more. It is never below the best found, and false if the search looked
// at too few networks or the latency is not additive.
func (a *Answer) LikelyBound() (float64, bool, error) {
	if len(a.Best) == 0 {
		return 0, false, nil
	}
	var networks []network
	for c := range a.looked.candidates() {
		networks = append(networks, network{genes: c.Genes, top1: -c.Objectives[0]})
	}
	bestFirst(networks)
	return a.looked.likely(networks, a.Best[0].Top1)
}

// LikelyBound is likewise for the networks within limits, which are those of the front or tighter.
func (f *Front) LikelyBound(limits Limits) (float64, bool, error) {
	found, ok := f.Best(limits)
	if !ok {
		return 0, false, nil
	}
	if f.looked.networks == nil {
		if err := f.looked.weigh(); err != nil {
			return 0, false, err
		}
	}
	var networks []network
	for _, n := range f.looked.networks {
		if limits.Excess(n.ms, n.macs, n.params) <= near {
			networks = append(networks, n)
		}
	}
	within := *f.looked.finder
	within.Limits = limits
	return within.likely(networks, found.Top1)
}

// candidates yields those whose accuracy was asked for.
func (l *looked) candidates() iter.Seq[optimize.Candidate] {
	return func(yield func(optimize.Candidate) bool) {
		for _, r := range l.runs {
			for c := range r.All() {
				if c.Violation <= near && !yield(c) {
					return
				}
			}
		}
	}
}

// weigh computes the costs of each network, and puts the best first.
func (l *looked) weigh() error {
	var archs []supernet.Arch
	for c := range l.candidates() {
		l.networks = append(l.networks, network{genes: c.Genes, top1: -c.Objectives[0]})
		archs = append(archs, l.Space.Decode(c.Genes))
	}
	ms, err := l.latency(archs)
	if err != nil {
		return err
	}
	for i, a := range archs {
		n := &l.networks[i]
		n.ms, n.macs, n.params = ms[i], l.macs.Sum(a), l.params.Sum(a)
	}
	bestFirst(l.networks)
	return nil
}

// likely is the bound, given networks, best first, and the best accuracy found.
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

// bestFirst sorts by accuracy, and equals by their genes, so that an answer does not depend on who
// was met first.
func bestFirst(networks []network) {
	slices.SortFunc(networks, func(a, b network) int {
		return cmp.Or(cmp.Compare(b.top1, a.top1), slices.Compare(a.genes, b.genes))
	})
}

// foremost keeps the first of the networks, and the first of each resolution.
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
