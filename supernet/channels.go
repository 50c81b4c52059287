package supernet

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
)

// middleChannels is [weights.Channels] of the network.
func (s *Subnet) middleChannels() []weights.MiddleChannels {
	var all []weights.MiddleChannels
	for _, b := range s.Blocks {
		l, ok := s.layers[b.Name].(channelled)
		if !ok {
			continue
		}
		if members := l.channels(); len(members) > 0 {
			all = append(all, weights.MiddleChannels{Block: b.Name, N: b.MiddleChannels(),
				Members: members})
		}
	}
	return all
}

// KeepChannels copies the network with some of the middle channels only: for the blocks named,
// those listed, in their order ([Block.Mids] says how many may be). Squeeze-and-excitation keeps
// its hidden channels.
func (s *Subnet) KeepChannels(keep map[string][]int) (*Subnet, error) {
	blocks := slices.Clone(s.Blocks)
	for i := range blocks {
		b := &blocks[i]
		list, ok := keep[b.Name]
		if !ok {
			continue
		}
		if err := checkKept(*b, list); err != nil {
			return nil, fmt.Errorf("block %s: %w", b.Name, err)
		}
		*b, _ = b.mustKind().remove(*b, b.MiddleChannels()-len(list)) // which checkKept allows
	}
	if err := CheckBlocks(blocks); err != nil {
		return nil, err
	}
	narrow := newSubnet(blocks, s.BNEps)
	from := s.params.ByName()
	for _, p := range narrow.params.List {
		copyAxes(p, from[p.Name])
	}
	for i, b := range blocks {
		if list, ok := keep[b.Name]; ok {
			to, from := narrow.layers[b.Name].(channelled), s.layers[b.Name].(channelled)
			takeListed(to, from, list, s.Blocks[i].MiddleChannels())
		}
	}
	return narrow, nil
}

// copyAxes copies the leading corner, which is the whole tensor where nothing was removed.
func copyAxes(dst, src *nn.Param) { copyLeading(dst.Data, dst.Shape, src.Data, src.Shape) }

func checkKept(b Block, list []int) error {
	n := b.MiddleChannels()
	if n == 0 {
		return fmt.Errorf("it has no middle channels of its own to remove")
	}
	if len(list) != n && !slices.Contains(b.Mids(), len(list)) {
		return fmt.Errorf("%d of %d channels cannot be kept; it can have %v", len(list), n,
			b.Mids())
	}
	seen := map[int]bool{}
	for _, c := range list {
		if c < 0 || c >= n || seen[c] {
			return fmt.Errorf("channel %d is not one of %d, or is kept twice", c, n)
		}
		seen[c] = true
	}
	return nil
}

// takeListed copies the listed channels of a layer with old of them.
func takeListed(to, from channelled, list []int, old int) {
	source := from.channels()
	for i, m := range to.channels() {
		takeChannels(m.Param.Data, source[i].Param.Data, list, old, m.First)
	}
	norms := from.channelNorms()
	for i, n := range to.channelNorms() {
		takeChannels(n.Mean, norms[i].Mean, list, old, false)
		takeChannels(n.Var, norms[i].Var, list, old, false)
	}
}

// takeChannels copies the listed entries of the first axis, or of the last.
func takeChannels(to, from []float32, list []int, old int, first bool) {
	if first {
		size := len(from) / old
		for i, c := range list {
			copy(to[i*size:][:size], from[c*size:])
		}
		return
	}
	for r := range len(from) / old {
		for i, c := range list {
			to[r*len(list)+i] = from[r*old+c]
		}
	}
}
