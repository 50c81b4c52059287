package search

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// sums are lines that know what changes are worth together: the same sum over choices at each
// resolution, and a constant of it.
type sums struct{ *lines }

func newSums(space *supernet.Space, r *rand.Rand) sums {
	l := newLines(space, r)
	for i := range l.all {
		l.all[i].Weights = l.all[0].Weights
	}
	return sums{l}
}

func (s sums) HasJoint() bool { return true }

func (s sums) NearJointly(bases []supernet.Arch) ([][]choices.Affine, []choices.Joint, error) {
	lines, err := s.Near(bases)
	weights := s.all[0].Weights
	worth := func(number int32) float64 {
		if at := int(number) - len(weights); at >= 0 {
			return s.all[at].Constant
		}
		return weights[number]
	}
	joint := make([]choices.Joint, len(bases))
	for i := range joint {
		joint[i] = func(sets [][]choices.Swap, out []float64) {
			for k, set := range sets {
				out[k] = 0
				for _, swap := range set {
					for _, number := range swap.In {
						out[k] += worth(number)
					}
					for _, number := range swap.Out {
						out[k] -= worth(number)
					}
				}
			}
		}
	}
	return lines, joint, err
}

// TestJointOfChanges: what a guide says of changes alone and of two that are apart is what the
// predictions of those networks differ by, for random networks of all spaces, of which several are
// asked for at once.
func TestJointOfChanges(t *testing.T) {
	for _, name := range supernet.Builtins() {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 0))
		f, err := newFinder(Query{Space: space, Accuracy: newSums(space, r),
			Limits: Limits{MACs: 1e7}})
		if err != nil {
			t.Fatal(err)
		}
		guide := f.guide()
		if !guide.Joint {
			t.Fatalf("%s: the guide knows no Joint", name)
		}
		near := make([]*optimize.Near, 5)
		for i := range near {
			near[i] = &optimize.Near{Base: optimize.Genes(space.Encode(space.Random(r)))}
		}
		if err := guide.Near(near); err != nil {
			t.Fatal(err)
		}
		for _, n := range near {
			var sets [][]int
			var archs []supernet.Arch
			for i, c := range n.Changes {
				sets = append(sets, []int{i})
				if other := r.IntN(len(n.Changes)); disjoint(c, n.Changes[other]) {
					sets = append(sets, []int{i, other})
				}
			}
			for _, set := range sets {
				g := append(optimize.Genes(nil), n.Base...)
				for _, at := range set {
					n.Changes[at].Apply(g)
				}
				archs = append(archs, space.Decode(g))
			}
			out := make([]float64, len(sets))
			n.Joint(sets, out)
			values, err := f.Accuracy.Predict(append(archs, space.Decode(n.Base)))
			if err != nil {
				t.Fatal(err)
			}
			for i, rise := range out {
				if want := values[len(archs)] - values[i]; math.Abs(rise-want) > 1e-9 {
					t.Fatalf("%s: %v of %v raises the objective by %g, expected %g", name, sets[i],
						n.Base, rise, want)
				}
			}
		}
	}
}

// disjoint says whether two changes are of different genes, and of no block that depends on both:
// neither changes a depth or a width.
func disjoint(a, b optimize.Change) bool {
	genes := map[int]bool{}
	for _, gene := range a.Genes {
		genes[gene] = true
	}
	for _, gene := range b.Genes {
		if genes[gene] {
			return false
		}
	}
	return len(a.Genes) == 2 && len(b.Genes) == 2
}
