package supernet

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
)

// MeasureZeros sets [Block.Zeros] and [Block.Run] of every block to what its weights are, as
// pruning must do before the network is saved or timed. The network gets a list of blocks of its
// own; who else holds the old one has to take it from s.Blocks.
func (s *Subnet) MeasureZeros() {
	s.Blocks = slices.Clone(s.Blocks)
	for i := range s.Blocks {
		b := &s.Blocks[i]
		z := countZeros(s.sparse(*b))
		b.Zeros, b.Run = z.percent(z.single), z.run()
	}
}

// CheckZeros says whether the blocks are right about the zeros of their weights: a block either
// says nothing, or the percentage that [Subnet.MeasureZeros] finds, and it speaks of runs only if
// they give the same percentage.
func (s *Subnet) CheckZeros() error {
	for _, b := range s.Blocks {
		if b.Zeros == 0 {
			continue
		}
		z := countZeros(s.sparse(b))
		if found := z.percent(z.single); b.Zeros != found {
			return fmt.Errorf("block %q is said to have %d %% zeros, its weights have %d %%: these are the weights of another network, or "+
				"the zeros were not measured after pruning", b.Name, b.Zeros, found)
		}
		if b.Run != 0 && z.percent(z.inRuns[b.Run]) != b.Zeros {
			return fmt.Errorf("block %q is said to have %d %% zeros in runs of %d, but only %d %% of its weights are in such runs: these are "+
				"the weights of another network, or the zeros were not measured after pruning",
				b.Name, b.Zeros, b.Run, z.percent(z.inRuns[b.Run]))
		}
	}
	return nil
}

// zeroCount counts weights: all, those that are zero, and those of them that lie in whole aligned
// runs, by the length of a run.
type zeroCount struct {
	all, single int
	inRuns      map[int]int
}

func countZeros(params []*nn.Param) zeroCount {
	z := zeroCount{inRuns: map[int]int{}}
	for _, p := range params {
		z.all += len(p.Data)
		z.single += zerosInRuns(p, 1)
		for _, run := range zeroRuns {
			z.inRuns[run] += zerosInRuns(p, run)
		}
	}
	return z
}

// zeroRuns are the lengths that runs of zeros may have, the longest first.
var zeroRuns = [...]int{16, 8}

// zerosInRuns counts the zeros of a weight (in,out) that lie in whole runs along the output
// channels, which begin at multiples of their length. The last run of a row may be shorter.
func zerosInRuns(p *nn.Param, run int) (n int) {
	for row := range slices.Chunk(p.Data, p.Shape[len(p.Shape)-1]) {
		for part := range slices.Chunk(row, run) {
			if countNonZero(part) == 0 {
				n += len(part)
			}
		}
	}
	return n
}

// percent rounds down, and stays below all: a layer without any weight left is none.
func (z zeroCount) percent(zeros int) int { return min(100*zeros/max(z.all, 1), 99) }

// run is the longest run that accounts for the percentage of zeros, 0 for none.
func (z zeroCount) run() int {
	percent := z.percent(z.single)
	for _, run := range zeroRuns {
		if percent > 0 && z.percent(z.inRuns[run]) == percent {
			return run
		}
	}
	return 0
}
