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
	blocks, places := s.Blocks(a), s.ElasticBlocks(a)
	if len(places) != len(blocks) {
		t.Fatalf("%s: %d places of %d blocks", s.Name, len(places), len(blocks))
	}
	taken := map[int]bool{}
	for i, at := range places {
		if at < 0 {
			continue
		}
		if taken[at] || blocks[i].Kernel != int(a.Kernel[at]) {
			t.Fatalf("%s: block %s has kernel %d, at its place %d stands %d (taken before: %v)",
				s.Name, blocks[i].Name, blocks[i].Kernel, at, a.Kernel[at], taken[at])
		}
		taken[at] = true
	}
	for i, st := range s.ElasticStages() {
		for j := range st.maxDepth() {
			if at := st.First + j; taken[at] != (j < int(a.Depth[i])) {
				t.Errorf("%s: place %d, stage %d of depth %d: taken %v",
					s.Name, at, i, a.Depth[i], taken[at])
			}
		}
	}
}
