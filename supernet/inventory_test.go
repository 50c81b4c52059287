package supernet_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestAllBlocks compares with the blocks of every network of small spaces.
func TestAllBlocks(t *testing.T) {
	// With stride 2 a block that only a certain depth has cannot be mistaken for the stage's first.
	strided := strings.Replace(everything, "width: 16, stride: 1, act: h_swish",
		"width: 24, stride: 2, act: h_swish", 1)
	for _, text := range []string{strided, bare} {
		s := parse(t, text)
		all, seen := map[uint16]map[supernet.Block]bool{}, map[supernet.Arch]bool{}
		for _, resolution := range s.Resolutions {
			all[uint16(resolution)] = map[supernet.Block]bool{}
		}
		eachArch(s, func(_ []uint16, a supernet.Arch) {
			if seen[a] {
				return
			}
			seen[a] = true
			for _, b := range s.Blocks(a) {
				all[a.Resolution][b] = true
			}
		})
		for _, resolution := range s.Resolutions {
			want, got := map[string]bool{}, map[string]bool{}
			for b := range all[uint16(resolution)] {
				want[b.Key()] = true
			}
			for _, b := range s.AllBlocks(resolution) {
				if got[b.Key()] {
					t.Errorf("%s at %d: %s is there twice", s.Name, resolution, b.Key())
				}
				got[b.Key()] = true
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s at %d: blocks are\n%v\nwant\n%v", s.Name, resolution,
					slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
		}
	}
}

// TestAllBlocksOfOFA: OFA's own latency table of this space has 91 blocks and 5 other layers a
// resolution.
func TestAllBlocksOfOFA(t *testing.T) {
	n := map[supernet.Kind]int{}
	for _, b := range builtin(t, "ofa-mbv3-w1.2").AllBlocks(224) {
		n[b.Kind]++
	}
	if n[supernet.MBConv] != 91 || n[supernet.Conv]+n[supernet.Pool]+n[supernet.Linear] != 5 {
		t.Errorf("the inventory is %v", n)
	}
}
