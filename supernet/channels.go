package supernet

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
)

// MiddleChannels is the middle channels of an mbconv block of a [Subnet], each with everything that
// belongs to it: a column of the expand convolution, a filter of the depthwise one, a row of the
// project convolution, entries of batch norm and of squeeze-and-excitation. If all that is zero,
// the network is the same as without the channel.
type MiddleChannels struct {
	Block   string // name of the block
	N       int    // how many there are
	Members []ChannelMember
}

// ChannelMember is a tensor whose first or last axis is the middle channels.
type ChannelMember struct {
	Param *nn.Param
	First bool // the first axis; else the last
	// Weight says that these are weights of a convolution or linear layer: what counts when
	// channels are compared. The others are batch norm's and biases.
	Weight bool
}

// Size is the number of values of each channel.
func (m ChannelMember) Size(n int) int { return len(m.Param.Data) / n }

// Each calls f with the index of every value of a channel.
func (m ChannelMember) Each(channel, n int, f func(i int)) {
	size := m.Size(n)
	from, step := channel, n
	if m.First {
		from, step = channel*size, 1
	}
	for range size {
		f(from)
		from += step
	}
}

// MiddleChannels lists the middle channels of all blocks that have some of their own: those with an
// expand convolution. Without one the middle channels are the block's input, which others share.
func (s *Subnet) MiddleChannels() []MiddleChannels {
	var all []MiddleChannels
	for _, b := range s.Blocks {
		l, ok := s.layers[b.Name].(channelled)
		if !ok {
			continue
		}
		if members := l.channels(); len(members) > 0 {
			all = append(all, MiddleChannels{Block: b.Name, N: b.Mid, Members: members})
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
		b.Mid = len(list)
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
			takeListed(to, from, list, s.Blocks[i].Mid)
		}
	}
	return narrow, nil
}

// copyAxes copies the leading corner, which is the whole tensor where nothing was removed.
func copyAxes(dst, src *nn.Param) { copyLeading(dst.Data, dst.Shape, src.Data, src.Shape) }

func checkKept(b Block, list []int) error {
	if !b.HasExpand() {
		return fmt.Errorf("it has no middle channels of its own to remove")
	}
	if len(list) != b.Mid && !slices.Contains(b.Mids(), len(list)) {
		return fmt.Errorf("%d of %d channels cannot be kept; it can have %v", len(list), b.Mid,
			b.Mids())
	}
	seen := map[int]bool{}
	for _, c := range list {
		if c < 0 || c >= b.Mid || seen[c] {
			return fmt.Errorf("channel %d is not one of %d, or is kept twice", c, b.Mid)
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
