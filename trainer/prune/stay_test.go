package prune

import (
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestGoneStaysGone: what was removed of one layer does not come back when more weights of another
// have become zero meanwhile, as an l1 penalty makes them, than are to go.
func TestGoneStaysGone(t *testing.T) {
	for _, criterion := range []Criterion{Global, LAMP, Fisher} {
		for _, structure := range []supernet.Structure{supernet.Weights, supernet.Vectors8} {
			net := published(t, "lenet-300-100", 5)
			c := Defaults(L1, structure)
			c.Criterion = criterion
			r := newRemover(net, c, nil)
			r.dead = nil
			if criterion == Fisher {
				r.watch()
				for _, p := range weights.Matrices(net) {
					for i := range p.Param.Grad {
						p.Param.Grad[i] = 1
					}
				}
				r.fisher.observe()
			}
			r.update(0.3, 0)
			before := map[*nn.Param][]bool{}
			for p, gone := range r.masks() {
				before[p] = slices.Clone(gone)
			}
			first := weights.Matrices(net)[0].Param.Data
			clear(first[:len(first)*8/10])
			r.update(0.35, 0)
			back := 0
			for p, gone := range r.masks() {
				for i, was := range before[p] {
					if was && !gone[i] {
						back++
					}
				}
			}
			if back > 0 {
				t.Errorf("%s %s: %d weights that were removed came back", criterion, structure,
					back)
			}
		}
	}
}
