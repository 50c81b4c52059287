package search

import (
	"cmp"
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// mostKnown is how many networks of [Query.Known] a search begins with at most, so that most of its
// first population is its own.
const mostKnown = 50

// known are the best networks of Query.Known that are within the limits, or nearly.
func (f *finder) known() ([]optimize.Genes, error) {
	var archs []supernet.Arch
	for _, a := range f.Known {
		costs, err := f.costsOf(a)
		if err == nil && slices.Contains(f.Resolutions, int(a.Resolution)) &&
			f.Limits.Excess(costs) <= near {
			archs = append(archs, a)
		}
	}
	top1, err := f.Accuracy.Predict(archs)
	if err != nil {
		return nil, err
	}
	best := make([]int, len(archs))
	for i := range best {
		best[i] = i
	}
	slices.SortStableFunc(best, func(a, b int) int { return cmp.Compare(top1[b], top1[a]) })
	var seeds []optimize.Genes
	for _, i := range best[:min(mostKnown, len(best))] {
		seeds = append(seeds, f.Space.Encode(archs[i]))
	}
	return seeds, nil
}
