package trainer

import (
	"math"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// useCounts counts by weight how many networks of a step have it. Nil counts nothing.
type useCounts struct {
	params []*nn.Param
	counts map[string][]uint16 // by tensor
}

func newUseCounts(net *supernet.Supernet) *useCounts {
	u := &useCounts{params: weights.Params(net), counts: map[string][]uint16{}}
	for _, p := range u.params {
		u.counts[p.Name] = make([]uint16, len(p.Data))
	}
	return u
}

// reset begins to count anew.
func (u *useCounts) reset() {
	if u == nil {
		return
	}
	for _, counts := range u.counts {
		clear(counts)
	}
}

// add counts a network.
func (u *useCounts) add(net *supernet.Supernet, a supernet.Arch) {
	if u == nil {
		return
	}
	net.EachUse(net.Space.Blocks(a), func(name string, from, n int) {
		counts := u.counts[name][from:][:n]
		for i := range counts {
			counts[i]++
		}
	})
}

// divide makes averages of sums of gradients.
func (u *useCounts) divide(a Aggregation, pool *nn.Pool) {
	if u == nil {
		return
	}
	pool.Run(len(u.params), func(_, i int) {
		p := u.params[i]
		for k, n := range u.counts[p.Name] {
			switch {
			case n < 2:
			case a == Avg:
				p.Grad[k] /= float32(n)
			case a == AvgSqrt:
				p.Grad[k] /= float32(math.Sqrt(float64(n)))
			}
		}
	})
}
