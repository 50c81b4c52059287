package supernet

import "fmt"

// Structure is what pruning removes of a block at a time.
type Structure string

// The structures of removal. The first three leave the block's shape as it is and set weights of
// its 1x1 convolutions or its linear layer to zero, which a runtime may skip or not. Channels
// leaves a dense block that is narrower, which runs anywhere.
const (
	Weights   Structure = "weights"   // single weights
	Vectors8  Structure = "vectors8"  // runs of 8 weights along the output channels
	Vectors16 Structure = "vectors16" // runs of 16
	// whole middle channels of an MBConv; squeeze-and-excitation keeps its hidden channels
	Channels Structure = "channels"
)

// ChannelStep is what the middle channels that removal of channels leaves are a multiple of. Where
// vectors are longer (AVX-512), fewer channels than the next multiple of ChannelVector gain
// nothing.
const (
	ChannelStep   = 8
	ChannelVector = 16
)

// Check refuses what is none of the structures.
func (s Structure) Check() error {
	switch s {
	case Weights, Vectors8, Vectors16, Channels:
		return nil
	}
	return fmt.Errorf("structure %q is unknown; use weights, vectors8, vectors16 or channels",
		string(s))
}

// Run is [Block.Run] of a block with zeros of this structure.
func (s Structure) Run() int {
	switch s {
	case Vectors8:
		return 8
	case Vectors16:
		return 16
	}
	return 0
}

// Prunable says whether the structure can be removed from the block at all: zeros from 1x1
// convolutions and linear layers, channels from blocks with an expand convolution that are wider
// than the least ([Block.Mids]).
func (b Block) Prunable(s Structure) bool {
	if s == Channels {
		return len(b.Mids()) > 0
	}
	return s.Check() == nil && len(b.sparse()) > 0
}

// MiddleChannels is the number of middle channels of the block's own, of which pruning may remove
// some; 0 if it has none.
func (b Block) MiddleChannels() int {
	k, err := b.kind()
	if err != nil {
		return 0
	}
	return k.channels(b)
}

// Mids lists the numbers of middle channels that removal of channels may leave, ascending:
// multiples of [ChannelStep] below the block's own, at least the hidden channels of
// squeeze-and-excitation. That of the input is not among them, since it stands for a block without
// an expand convolution ([Block.HasExpand]).
func (b Block) Mids() []int {
	k, err := b.kind()
	if err != nil {
		return nil
	}
	return k.mids(b)
}

// Remove gives the variant of the block from which so much is removed: percent of the weights in
// place of what the block says, or a number of middle channels. An amount of 0 is the dense block.
func (b Block) Remove(s Structure, amount int) (Block, error) {
	if err := s.Check(); err != nil {
		return Block{}, err
	}
	if amount != 0 && !b.Prunable(s) {
		return Block{}, fmt.Errorf("block %s (%s) has no %s to remove", b.Name, b.Key(), s)
	}
	v := b
	switch {
	case s != Channels:
		v.Zeros, v.Run = amount, 0
		if amount > 0 {
			v.Run = s.Run()
		}
	case amount != 0:
		var ok bool
		if v, ok = b.mustKind().remove(b, amount); !ok {
			return Block{}, fmt.Errorf(
				"block %s (%s) cannot have %d middle channels; those it can have are %v", b.Name,
				b.Key(), b.MiddleChannels()-amount, b.Mids())
		}
	}
	if err := v.checkZeros(); err != nil {
		return Block{}, fmt.Errorf("block %s (%s): %w", b.Name, b.Key(), err)
	}
	return v, nil
}

// Removed says how much of the block is missing in a variant of it, as [Block.Remove] counts; false
// if it is none: names do not matter, nor do the zeros that the block itself has.
func (b Block) Removed(s Structure, v Block) (amount int, ok bool) {
	b.Name, v.Name = "", ""
	if s == Channels {
		k, err := b.kind()
		if err != nil {
			return 0, b == v
		}
		return k.removed(b, v)
	}
	if amount = v.Zeros; amount > 0 && v.Run != s.Run() {
		return 0, false
	}
	b.Zeros, b.Run, v.Zeros, v.Run = 0, 0, 0, 0
	return amount, b == v
}
