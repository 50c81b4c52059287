package supernet

import (
	"math/rand/v2"
	"testing"
)

// TestElasticPlaces: a block with genes has the kernel that stands at its place, every place up to
// the depth of a stage is taken once, and the other blocks are the same in every arch.
func TestElasticPlaces(t *testing.T) {
	for _, name := range Builtins() {
		s, err := LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 0))
		for range 20 {
			checkElasticPlaces(t, s, s.Random(r))
		}
	}
}

func checkElasticPlaces(t *testing.T, s *Space, a Arch) {
	t.Helper()
	blocks := s.Blocks(a)
	parts, indexes := s.PartBlocks(a)
	if len(parts) != len(blocks) || len(indexes) != len(blocks) {
		t.Fatalf("%s: %d and %d places of %d blocks", s.Name, len(parts), len(indexes),
			len(blocks))
	}
	taken := map[int]bool{}
	for i, part := range parts {
		if part < 0 || s.Parts()[part].First < 0 {
			continue
		}
		at := s.Parts()[part].First + indexes[i]
		if taken[at] || blocks[i].Kernel != int(a.Kernel[at]) {
			t.Fatalf("%s: block %s has kernel %d, at its place %d stands %d (taken before: %v)",
				s.Name, blocks[i].Name, blocks[i].Kernel, at, a.Kernel[at], taken[at])
		}
		taken[at] = true
	}
	for i, p := range s.Parts() {
		for j := 0; p.First >= 0 && j < p.MaxDepth(); j++ {
			if at := p.First + j; taken[at] != (j < int(a.Depth[p.DepthGene])) {
				t.Errorf("%s: place %d, part %d of depth %d: taken %v",
					s.Name, at, i, a.Depth[p.DepthGene], taken[at])
			}
		}
	}
}
