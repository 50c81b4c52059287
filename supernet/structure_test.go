package supernet_test

import (
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

var structures = []supernet.Structure{supernet.Weights, supernet.Vectors8, supernet.Vectors16,
	supernet.Channels}

// TestRemove removes of each block of two spaces all that may be: what is left is a network in the
// place of the block, has a key of its own, and says how much is missing.
func TestRemove(t *testing.T) {
	for _, name := range []string{"mbv3-tiny", "ofa-mbv3"} {
		s := builtin(t, name)
		blocks := s.Blocks(s.Max())
		for i, b := range blocks {
			for _, structure := range structures {
				amounts := []int{1, 50, 99}
				if structure == supernet.Channels {
					amounts = nil
					for _, mid := range b.Mids() {
						amounts = append(amounts, b.Mid-mid)
					}
				}
				if !b.Prunable(structure) {
					if _, err := b.Remove(structure, 50); err == nil {
						t.Errorf("%s: removed %s, which it has not", b.Name, structure)
					}
					continue
				}
				for _, amount := range amounts {
					v, err := b.Remove(structure, amount)
					if err != nil {
						t.Fatal(err)
					}
					pruned := slices.Clone(blocks)
					pruned[i] = v
					if err := supernet.CheckBlocks(pruned); err != nil {
						t.Errorf("%s without %d %s: %v", b.Name, amount, structure, err)
					}
					v.Name = "elsewhere"
					if got, ok := b.Removed(structure, v); !ok || got != amount ||
						v.Key() == b.Key() || v.HasExpand() != b.HasExpand() {
						t.Errorf("%s without %d %s is %s: %d removed, %v", b.Key(), amount,
							structure, v.Key(), got, ok)
					}
				}
			}
		}
	}
}

func TestPrunable(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	for _, b := range s.Blocks(s.Max()) {
		zeros := b.Kind != supernet.Pool && b.Name != "stem"
		if b.Prunable(supernet.Weights) != zeros || b.Prunable(supernet.Vectors16) != zeros ||
			b.Prunable("nonsense") {
			t.Errorf("%s: prunable %v, want %v", b.Name, !zeros, zeros)
		}
		if channels := b.Kind == supernet.MBConv &&
			b.Mid > b.In.C; b.Prunable(supernet.Channels) != channels {
			t.Errorf("%s: channels prunable %v, want %v", b.Name, !channels, channels)
		}
	}
}

func TestRemoveRefuses(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	for _, b := range s.Blocks(s.Max()) {
		if b.Kind != supernet.MBConv || b.SE == 0 {
			continue
		}
		for structure, amounts := range map[supernet.Structure][]int{
			supernet.Weights: {-1, 100}, supernet.Vectors8: {100}, "nonsense": {0, 8},
			supernet.Channels: {-8, b.Mid, b.Mid + 8, b.Mid - b.In.C, b.Mid - b.SE + 8},
		} {
			for _, amount := range amounts {
				if v, err := b.Remove(structure, amount); err == nil {
					t.Errorf("%s without %d %s is %s, want an error", b.Key(), amount, structure,
						v.Key())
				}
			}
		}
		if v, err := b.Remove(supernet.Vectors8, 0); err != nil || v != b {
			t.Errorf("nothing removed of %v is %v (%v)", b, v, err)
		}
		v, _ := b.Remove(supernet.Vectors8, 80)
		if _, ok := b.Removed(supernet.Weights, v); ok {
			t.Errorf("runs of zeros count as single ones")
		}
		direct := b
		direct.Mid = b.In.C
		if _, ok := b.Removed(supernet.Channels, direct); ok {
			t.Errorf("a block without an expand convolution counts as pruned")
		}
		wide := b
		wide.Kernel += 2
		if _, ok := b.Removed(supernet.Weights, wide); ok {
			t.Errorf("another kernel counts as pruned")
		}
	}
}
