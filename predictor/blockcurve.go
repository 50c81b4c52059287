package predictor

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// BlockCurve is the time of a block against how much of a structure pruning has removed from it.
// Measured times are made not to rise where more is removed (isotonic regression, all of equal
// weight), and interpolated linearly between neighbours. Beyond the most that was measured, the
// time is that of the most: nobody knows what more would gain. Middle channels count in whole
// vectors: 24 take as long as 32 ([supernet.ChannelVector]), unless 24 were measured.
type BlockCurve struct {
	dense     supernet.Block
	structure supernet.Structure
	removed   []int     // ascending from 0, as supernet.Block.Removed counts
	ms        []float64 // of removed, nowhere rising
}

// NewBlockCurve makes the curve of a block from its time with nothing removed and the times of
// variants of it, of which one at least must be among times; of several with one key the mean
// counts, and times of other blocks are passed over. Without the first the error is an
// [*UnknownBlockError], without any of the others an [*UnknownVariantsError], and for times that
// cannot be one that wraps [ErrSamples].
func NewBlockCurve(block supernet.Block, structure supernet.Structure,
	times []BlockTime) (*BlockCurve, error) {
	dense, err := block.Remove(structure, 0)
	if err != nil {
		return nil, err
	}
	byAmount := map[int][]float64{}
	for _, t := range times {
		amount, ok := dense.Removed(structure, t.Block)
		if !ok {
			continue
		}
		if err := checkMS(t.MS); err != nil {
			return nil, fmt.Errorf("%w: block %s (%s) %w", ErrSamples, t.Block.Name, t.Block.Key(),
				err)
		}
		byAmount[amount] = append(byAmount[amount], t.MS)
	}
	c := &BlockCurve{dense: dense, structure: structure,
		removed: slices.Sorted(maps.Keys(byAmount))}
	switch {
	case len(byAmount[0]) == 0:
		return nil, &UnknownBlockError{dense}
	case len(c.removed) == 1:
		return nil, &UnknownVariantsError{dense, structure}
	}
	for _, amount := range c.removed {
		c.ms = append(c.ms, mean(byAmount[amount]))
	}
	c.ms = falling(c.ms)
	return c, nil
}

// MS is the time of a variant of the block in milliseconds. A block that is none is an error.
func (c *BlockCurve) MS(v supernet.Block) (float64, error) {
	amount, ok := c.dense.Removed(c.structure, v)
	if !ok {
		return 0, fmt.Errorf("block %s (%s) is not %s (%s) with %s removed", v.Name, v.Key(),
			c.dense.Name, c.dense.Key(), c.structure)
	}
	return interpolate(c.removed, c.ms, c.counted(amount)), nil
}

// counted is how much of an amount counts: of channels what leaves whole vectors, unless this very
// number was measured.
func (c *BlockCurve) counted(amount int) int {
	const vector = supernet.ChannelVector
	if _, measured := slices.BinarySearch(c.removed, amount); measured ||
		c.structure != supernet.Channels {
		return amount
	}
	dense := c.dense.MiddleChannels()
	return max(dense-(dense-amount+vector-1)/vector*vector, 0)
}

// variants lists the times that the predictor knows of a block and of what pruning makes of it.
func (l *Latency) variants(resolution int, block supernet.Block,
	structure supernet.Structure) (times []BlockTime) {
	amounts := []int{0}
	if structure == supernet.Channels {
		for _, mid := range block.Mids() {
			amounts = append(amounts, block.MiddleChannels()-mid)
		}
	} else {
		for zeros := 1; zeros < 100; zeros++ {
			amounts = append(amounts, zeros)
		}
	}
	for _, amount := range amounts {
		v, err := block.Remove(structure, amount)
		if err != nil {
			continue
		}
		if ms := l.time(resolution, v); !math.IsNaN(ms) {
			times = append(times, BlockTime{Block: v, MS: ms})
		}
	}
	return times
}
