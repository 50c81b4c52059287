package choices_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestFamilyOfAll draws what the space itself draws, from the same generator.
func TestFamilyOfAll(t *testing.T) {
	for _, name := range []string{"mbv3-tiny", "ofa-mbv3", "ofa-resnet50", "compofa"} {
		s := builtin(t, name)
		f := choices.Family{Space: s}
		a, b := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
		for range 50 {
			if f.Random(a) != s.Random(b) {
				t.Fatalf("%s: the family of all draws another network", name)
			}
		}
		if f.Smallest() != s.Min() {
			t.Errorf("%s: another smallest network", name)
		}
		if !slices.Equal(f.Genes(), s.Genes()) {
			t.Errorf("%s: genes %v, want %v", name, f.Genes(), s.Genes())
		}
	}
}

// TestFamilyOfLargest has nothing but the largest choices, and all of them.
func TestFamilyOfLargest(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	f := choices.Family{Space: s, Kernels: 1, Depths: 2, Expands: 2}
	depths, expands, kernels := map[int]bool{}, map[float32]bool{}, map[int]bool{}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		a := f.Random(r)
		if err := s.Check(a); err != nil {
			t.Fatal(err)
		}
		for i, k := range a.Kernel {
			if k > 0 {
				kernels[int(k)], expands[a.Expand[i]] = true, true
			}
		}
		for _, d := range a.Depth[:5] {
			depths[int(d)] = true
		}
	}
	if len(kernels) != 1 || !kernels[7] || len(depths) != 2 || !depths[3] || !depths[4] ||
		len(expands) != 2 || !expands[4] || !expands[6] {
		t.Errorf("kernels %v, depths %v, expands %v", kernels, depths, expands)
	}
}

// TestCompound couples depth and width: 2 with 3, 3 with 4, 4 with 6, as CompOFA does; where there
// are more ratios than depths, all of both occur.
func TestCompound(t *testing.T) {
	for name, want := range map[string][][2]float32{
		"ofa-mbv3":  {{2, 3}, {3, 4}, {4, 6}},
		"mbv3-tiny": {{1, 2}, {2, 3}, {2, 4}},
	} {
		s := builtin(t, name)
		f := choices.Family{Space: s, Compound: true}
		r := rand.New(rand.NewPCG(5, 6))
		seen := map[[2]float32]bool{}
		for range 300 {
			a := f.Random(r)
			for _, p := range s.Parts() {
				depth := int(a.Depth[p.DepthGene])
				for _, e := range a.Expand[p.First:][:depth] {
					seen[[2]float32{float32(depth), e}] = true
				}
			}
		}
		for pair := range seen {
			if !slices.Contains(want, pair) {
				t.Errorf("%s: depth %g with ratio %g", name, pair[0], pair[1])
			}
		}
		if len(seen) != len(want) {
			t.Errorf("%s: %v, want %v", name, seen, want)
		}
	}
}

// TestFamilyWidths has every width that a block of a random network has.
func TestFamilyWidths(t *testing.T) {
	for _, name := range []string{"ofa-mbv3", "compofa", "ofa-resnet50", "mbv3-tiny"} {
		s := builtin(t, name)
		f := choices.Family{Space: s, Expands: 2}
		mids := map[string][]int{}
		for _, a := range f.Widths() {
			for _, b := range s.Blocks(a) {
				mids[b.Name] = append(mids[b.Name], b.Mid)
			}
		}
		r := rand.New(rand.NewPCG(7, 8))
		for range 100 {
			for _, b := range s.Blocks(f.Random(r)) {
				if !slices.Contains(mids[b.Name], b.Mid) {
					t.Fatalf("%s: block %s of width %d is in none of %v", name, b.Name, b.Mid,
						mids[b.Name])
				}
			}
		}
	}
}
