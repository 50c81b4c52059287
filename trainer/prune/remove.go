package prune

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// remover decides what is gone from a network.
type remover struct {
	config Config
	layers []layer
	// what the blocks lose in the end, instead of comparing layers; nil: compare
	shares map[string]float64
	dead   *deadUnits  // nil where none are looked for
	fisher fisher      // nil where weights are compared by size
	total  int         // removable weights
	score  [][]float64 // by layer and unit
	gone   [][]bool    // likewise
	least  string      // name of the classifier's block
}

func newRemover(net *supernet.Subnet, c Config, shares map[string]float64) *remover {
	r := &remover{config: c, layers: layersOf(net, c), shares: shares,
		least: net.Blocks[len(net.Blocks)-1].Name}
	for _, l := range r.layers {
		n := l.units()
		r.score, r.gone = append(r.score, make([]float64, n)), append(r.gone, make([]bool, n))
		for u := range n {
			r.total += l.size(u)
			r.gone[len(r.gone)-1][u] = l.lacked(u)
		}
	}
	if c.Structure == supernet.Weights {
		r.dead = findChains(net, r.layers)
	}
	return r
}

// masks are all values that are gone, by parameter: of what can be removed.
func (r *remover) masks() map[*nn.Param][]bool {
	all := map[*nn.Param][]bool{}
	for _, l := range r.layers {
		maps.Copy(all, l.masks())
	}
	return all
}

// update removes until the share is gone, and then exchanges a share of what is left. What was
// removed stays so, but for that.
func (r *remover) update(share, exchange float64) {
	for i, l := range r.layers {
		if r.fisher != nil {
			l.measure(r.score[i], r.fisher.costs)
		} else {
			l.scores(r.score[i])
		}
	}
	keep := r.keepers(share)
	for i, l := range r.layers {
		r.choose(i, l.keep(keep[i]))
	}
	if exchange > 0 {
		r.regrow(exchange)
	}
	r.apply()
}

// incomparable names a block with a unit whose score, as the last update found it, is no finite
// number; empty if there is none.
func (r *remover) incomparable() string {
	for i, l := range r.layers {
		for _, s := range r.score[i] {
			if math.IsNaN(s) || math.IsInf(s, 0) {
				return l.block()
			}
		}
	}
	return ""
}

func (r *remover) apply() {
	for i, l := range r.layers {
		l.mask(r.gone[i])
	}
	if r.dead != nil {
		r.dead.remove(r)
	}
}

// keepers is how many units of each layer are to be left.
func (r *remover) keepers(share float64) []int {
	keep := make([]int, len(r.layers))
	switch {
	case r.shares != nil:
		for i, l := range r.layers {
			part := 0.0
			if r.config.Sparsity > 0 {
				part = share / r.config.Sparsity
			}
			keep[i] = left(l.units(), part*r.shares[l.block()])
		}
	case r.config.Criterion == Layer:
		for i, l := range r.layers {
			s := share
			if l.block() == r.least {
				s /= 2
			}
			keep[i] = left(l.units(), s)
		}
	default:
		r.compare(share, keep)
	}
	return keep
}

// left is how many of n stay if a share goes.
func left(n int, share float64) int { return n - int(share*float64(n)+0.5) }

// ranked is units of a layer that go together.
type ranked struct {
	score float64
	layer int
	units int
	size  int // weights
}

// compare ranks the units of all layers together: the smallest go, as long as their weights fit
// into what is to go.
func (r *remover) compare(share float64, keep []int) {
	budget := int(share*float64(r.total) + 0.5)
	scores := make([][]float64, len(r.layers))
	for i := range r.layers {
		scores[i] = r.comparable(i)
		for u := range scores[i] {
			if r.gone[i][u] || r.layers[i].lacked(u) {
				scores[i][u] = -1 // before weights that have become zero in training
			}
		}
	}
	bar := r.bar(scores, budget)
	var all []ranked
	for i, l := range r.layers {
		keep[i] = l.units()
		if m, ok := l.(*middle); ok {
			all = append(all, m.steps(i, scores[i])...)
			continue
		}
		for u, s := range scores[i] {
			switch {
			case s < bar:
				budget -= l.size(u)
				keep[i]--
			case s == bar || r.config.Structure != supernet.Weights:
				all = append(all, ranked{s, i, 1, l.size(u)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.score, b.score) })
	for ; len(all) > 0 && budget >= all[0].size; all = all[1:] {
		budget -= all[0].size
		keep[all[0].layer] -= all[0].units
	}
}

// steps are the channels that go together so that numbers are left that the block can have, the
// smallest first. A step's score is the mean of its channels'.
func (m *middle) steps(layer int, score []float64) (all []ranked) {
	sorted := slices.Sorted(slices.Values(score))
	total, at := m.channels.N, m.channels.N
	for _, n := range slices.Backward(m.of.Mids()) {
		sum := 0.0
		for _, s := range sorted[total-at : total-n] {
			sum += s
		}
		all = append(all, ranked{sum / float64(at-n), layer, at - n, (at - n) * m.size(0)})
		at = n
	}
	return all
}

// bar is a score of which no more than the given number of units are smaller, where units are
// single weights: it saves sorting them. It is below all scores otherwise.
func (r *remover) bar(scores [][]float64, number int) float64 {
	if r.config.Structure != supernet.Weights || number == 0 {
		return -2
	}
	all := slices.Concat(scores...)
	return kth(all, min(number, len(all)-1))
}

// comparable gives the scores of a layer's units in a form that can be compared across layers.
func (r *remover) comparable(i int) []float64 {
	if r.config.Criterion != LAMP {
		return r.score[i]
	}
	return lamp(r.score[i])
}

// lamp divides the square of each score by the sum of the squares of those that are not smaller
// (Lee et al., ICLR 2021, equation 2). The order within a layer stays.
func lamp(score []float64) []float64 {
	order := ascending(score)
	scaled := make([]float64, len(score))
	sum := 0.0
	for i := len(order) - 1; i >= 0; i-- {
		square := score[order[i]] * score[order[i]]
		sum += square
		if sum > 0 {
			scaled[order[i]] = square / sum
		}
	}
	return scaled
}

// ascending is the order of units from the smallest score; equal ones keep theirs.
func ascending(score []float64) []int32 {
	order := make([]int32, len(score))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(score[a], score[b]) })
	return order
}

// choose marks all but the largest units of a layer as gone. Those that were never there go first,
// then those that are gone already, both be there room for them or not; of equal ones the first.
func (r *remover) choose(i, keep int) {
	gone, score, already := r.gone[i], r.score[i], 0
	for u, g := range gone {
		switch {
		case r.layers[i].lacked(u):
			score[u] = -2
			already++
		case g:
			score[u] = -1
			already++
		}
	}
	number := max(len(gone)-keep, already)
	if number == 0 {
		clear(gone)
		return
	}
	bar := kth(slices.Clone(score), number-1)
	for u, s := range score {
		if gone[u] = s < bar; gone[u] {
			number--
		}
	}
	for u, s := range score {
		if number > 0 && s == bar {
			gone[u] = true
			number--
		}
	}
}

// kth is the value that would be at k if v were sorted. It reorders v (Hoare's selection).
func kth(v []float64, k int) float64 {
	for lo, hi := 0, len(v)-1; lo < hi; {
		pivot, i, j := v[(lo+hi)/2], lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}

// regrow exchanges a share of what is left for units of the same layer that are gone.
func (r *remover) regrow(share float64) {
	for i, l := range r.layers {
		gone := r.gone[i]
		size := make([]float64, len(gone))
		l.measure(size, gradient)
		var in, out []int
		for u, g := range gone {
			switch {
			case !g:
				in = append(in, u)
			case !l.lacked(u):
				out = append(out, u)
			}
		}
		sort.SliceStable(in, func(a, b int) bool { return r.score[i][in[a]] < r.score[i][in[b]] })
		sort.SliceStable(out, func(a, b int) bool { return size[out[a]] > size[out[b]] })
		for k := range min(int(share*float64(len(in))), len(out)) {
			gone[in[k]], gone[out[k]] = true, false
		}
	}
}

// left counts the removable weights that are not gone.
func (r *remover) left() int {
	n := r.total
	for i, l := range r.layers {
		for u, g := range r.gone[i] {
			if g {
				n -= l.size(u)
			}
		}
	}
	return n
}

// sparsity is the share of the removable weights that is gone.
func (r *remover) sparsity() float64 { return 1 - float64(r.left())/float64(r.total) }

// cut gives the network without the channels that are gone; other zeros stay where they are.
func (r *remover) cut(net *supernet.Subnet) (*supernet.Subnet, error) {
	keep := map[string][]int{}
	for i, l := range r.layers {
		if _, ok := l.(*middle); !ok {
			continue
		}
		for ch, g := range r.gone[i] {
			if !g {
				keep[l.block()] = append(keep[l.block()], ch)
			}
		}
	}
	return net.KeepChannels(keep)
}

// recall takes over which units are gone from the masks of a checkpoint.
func (r *remover) recall() {
	for i, l := range r.layers {
		l.recall(r.gone[i])
	}
}
