package predictor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// jumps are some networks that differ from a base in a few genes, each as the swaps of single
// genes, which add up as long as they are of different blocks.
func jumps(s *supernet.Space, base supernet.Arch, r *rand.Rand) (archs []supernet.Arch,
	sets [][]choices.Swap) {
	n := choices.NewNumbering(s)
	var from choices.Taken
	n.Read(&base, &from)
	for len(archs) < 60 {
		genes := s.Encode(base)
		var set []choices.Swap
		for range 1 + r.IntN(3) {
			before, after := genes, slices.Clone(genes)
			gene := r.IntN(len(genes))
			after[gene] = uint16(r.IntN(s.Genes()[gene]))
			after = s.Encode(s.Decode(after))
			var a, b choices.Taken
			n.ReadGenes(before, &a)
			n.ReadGenes(after, &b)
			swap, _ := n.Swap(&a, &b, nil)
			set, genes = append(set, swap), after
		}
		archs, sets = append(archs, s.Decode(genes)), append(sets, set)
	}
	return archs, sets
}

// TestJoint: with one hidden layer what is said of changes together is what predictions differ by.
// With more of them it goes along with these better than sums of single changes do.
func TestJoint(t *testing.T) {
	published := ofaSpace(t, "ofa-mbv3")
	resNet := ofaSpace(t, "ofa-resnet50")
	for _, c := range []struct {
		name  string
		space *supernet.Space
		sizes []int
		more  bool // a second network and a linear part
	}{
		{"one layer", published, []int{ofaLength, 40, 1}, false},
		{"one layer twice", published, []int{ofaLength, 19, 1}, true},
		{"three layers", published, []int{ofaLength, 60, 50, 40, 1}, false},
		{"ResNet", resNet, []int{resNetLength, 33, 1}, false},
	} {
		n, _ := randomMLP(c.sizes, 1)
		resolutions := []int{160, 192, 224} // that both encodings know
		a, err := ImportAccuracy(c.space, n, 0.5, resolutions)
		if err != nil {
			t.Fatal(err)
		}
		if c.more {
			other, _ := randomMLP(c.sizes, 2)
			a.Model.Networks = append(a.Model.Networks, *other)
			a.Model.Linear = make(regress.Weights, c.sizes[0])
			for i := range a.Model.Linear {
				a.Model.Linear[i] = float32(i%7) / 10
			}
		}
		if !a.HasJoint() {
			t.Fatalf("%s: knows no Joint", c.name)
		}
		r := rand.New(rand.NewPCG(3, 0))
		var closer, sums, want []float64
		for range 10 {
			base := c.space.Random(r)
			base.Resolution = uint16(resolutions[r.IntN(len(resolutions))])
			archs, sets := jumps(c.space, base, r)
			for i := range archs { // the resolutions that it knows
				archs[i].Resolution = base.Resolution
			}
			sets = between(c.space, base, archs, sets)
			lines, joint, err := a.NearJointly([]supernet.Arch{archs[0], base})
			if err != nil {
				t.Fatal(err)
			}
			exact, err := a.Predict(append(archs, base))
			if err != nil {
				t.Fatal(err)
			}
			out := make([]float64, len(sets))
			joint[1](sets, out)
			numbering := choices.NewNumbering(c.space)
			for i, arch := range archs {
				var taken choices.Taken
				numbering.Read(&arch, &taken)
				rise := exact[i] - exact[len(archs)]
				if len(c.sizes) == 3 && math.Abs(out[i]-rise) > 1e-4*(1+math.Abs(rise)) {
					t.Fatalf("%s: %v is said to rise by %g, predicted %g", c.name, sets[i], out[i],
						rise)
				}
				want, closer = append(want, rise), append(closer, out[i])
				sums = append(sums, lines[1][taken.Resolution].At(&taken)-exact[len(archs)])
			}
		}
		if len(c.sizes) == 3 {
			continue
		}
		joint, single := regress.Compare(closer, want), regress.Compare(sums, want)
		if joint.Spearman < 0.9 || joint.Spearman <= single.Spearman {
			t.Errorf("%s: rank correlation %g, of sums %g", c.name, joint.Spearman, single.Spearman)
		}
	}
}

// between replaces sets that change the resolution by the one swap that leads to the network.
func between(s *supernet.Space, base supernet.Arch, archs []supernet.Arch,
	sets [][]choices.Swap) [][]choices.Swap {
	n := choices.NewNumbering(s)
	for i, set := range sets {
		if slices.ContainsFunc(set, func(swap choices.Swap) bool {
			return slices.ContainsFunc(swap.In, func(number int32) bool {
				return int(number) >= n.Len()
			})
		}) {
			var from, to choices.Taken
			n.Read(&base, &from)
			n.Read(&archs[i], &to)
			swap, _ := n.Swap(&from, &to, nil)
			sets[i] = []choices.Swap{swap}
		}
	}
	return sets
}

// TestJointOfResolutions: another resolution is a swap as others are.
func TestJointOfResolutions(t *testing.T) {
	s := ofaSpace(t, "ofa-mbv3")
	a := importRandom(t, s, 25)
	n := choices.NewNumbering(s)
	base := s.Max()
	_, joint, err := a.NearJointly([]supernet.Arch{base})
	if err != nil {
		t.Fatal(err)
	}
	for _, resolution := range a.Resolutions {
		other := base
		other.Resolution = uint16(resolution)
		var from, to choices.Taken
		n.Read(&base, &from)
		n.Read(&other, &to)
		swap, _ := n.Swap(&from, &to, nil)
		rise := make([]float64, 1)
		joint[0]([][]choices.Swap{{swap}}, rise)
		exact, err := a.Predict([]supernet.Arch{base, other})
		if err != nil || math.Abs(rise[0]-(exact[1]-exact[0])) > 1e-4 {
			t.Errorf("%d px is said to rise by %g, predicted %g after %g (%v)", resolution, rise[0],
				exact[1], exact[0], err)
		}
	}
}

// TestNoJoint: of a model without hidden layers nothing closer is known, nor of features that are
// no one-hots.
func TestNoJoint(t *testing.T) {
	if importRandom(t, ofaSpace(t, "ofa-mbv3")).HasJoint() {
		t.Error("a line says that it knows more than a line")
	}
	s := ofaSpace(t, "mbv3-tiny")
	encoder, err := newGeneEncoder(s)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := randomMLP([]int{encoder.Len(), 5, 1}, 1)
	if (&Accuracy{encoder: encoder, Model: regress.Model{Networks: []regress.MLP{*n}}}).HasJoint() {
		t.Error("costs are features, and no one-hots")
	}
}
