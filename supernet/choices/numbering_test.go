package choices_test

import (
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestNumbersAreArchs: each network takes other choices than all others, among them every choice
// is taken that can be, and from its choices it comes back.
func TestNumbersAreArchs(t *testing.T) {
	for _, space := range []*supernet.Space{small(t), parse(t, regionSpace),
		parse(t, widthSpace)} {
		n := choices.NewNumbering(space)
		seen, used := map[string]bool{}, beyondDepth(n)
		for _, a := range everyArch(space) {
			var taken choices.Taken
			if !n.Read(&a, &taken) {
				t.Fatalf("%s: %v is not one of its networks", space.Name, a)
			}
			if back := n.Arch(&taken); back != a {
				t.Errorf("%s: %v comes back as %v", space.Name, a, back)
			}
			var genes choices.Taken
			n.ReadGenes(space.Encode(a), &genes)
			if genes != taken {
				t.Errorf("%s: the genes of %v take %v, the arch %v", space.Name, a, genes, taken)
			}
			key := []byte{byte(taken.Resolution)}
			for _, number := range taken.Numbers() {
				used[number] = true
				key = append(key, byte(number))
			}
			if seen[string(key)] {
				t.Errorf("%s: two networks take the choices %v", space.Name, key)
			}
			seen[string(key)] = true
		}
		if at := slices.Index(used, false); at >= 0 {
			t.Errorf("%s: nobody takes choice %d of %d", space.Name, at, n.Len())
		}
	}
}

// beyondDepth are the choices that nobody can take: where the depth decides the width, what a
// block would be at a depth that does not reach it.
func beyondDepth(n *choices.Numbering) []bool {
	none := make([]bool, n.Len())
	for i := range n.Stages {
		s := &n.Stages[i]
		for j := range s.Blocks() {
			for v := range s.Variants(j) {
				none[s.Variant(j, v)] = s.Expands == nil && s.Depths[v/len(s.Kernels)] <= j
			}
		}
	}
	return none
}
