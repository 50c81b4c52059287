package predictor

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Additive is a quantity of a network that is a sum over its blocks, such as MACs or calibrated
// block times. A block's work depends on the resolution, its place and its own genes alone, so that
// all of them fit a small table.
type Additive struct {
	space  *supernet.Space
	layout *layout
	// fixed is by resolution the sum over what no gene changes: stem, fixed stages, head.
	fixed []float64
	// blocks is by resolution, elastic block at full depth, and variant of the block
	// (layout.variant). NaN is unknown.
	blocks [][][]float64
}

// NewAdditive tabulates cost over all blocks of a space. A cost of NaN says that the block's cost
// is not known: sums over it are NaN too. The error is for a space without a single network of
// known cost, or a cost that is negative or infinite.
func NewAdditive(space *supernet.Space, cost func(supernet.Block) float64) (*Additive, error) {
	return newAdditive(space, func(_ int, b supernet.Block) float64 { return cost(b) })
}

// newAdditive tabulates costs of which the same block may have another at another resolution.
func newAdditive(space *supernet.Space, cost func(resolution int, b supernet.Block) float64) (*Additive, error) {
	q := &Additive{space: space, layout: newLayout(space)}
	for r, resolution := range space.Resolutions {
		if err := q.tabulate(r, func(b supernet.Block) float64 { return cost(resolution, b) }); err != nil {
			return nil, err
		}
	}
	if _, smallest := q.Min(); math.IsNaN(smallest) {
		return nil, fmt.Errorf("no network of space %s has blocks of known cost only", space.Name)
	}
	return q, nil
}

// tabulate asks for the cost of every block that a resolution can have, by looking at enough
// networks to show them all.
func (q *Additive) tabulate(r int, cost func(supernet.Block) float64) error {
	table := make([][]float64, q.layout.blocks)
	for b := range table {
		table[b] = slices.Repeat([]float64{math.NaN()}, q.layout.variants[b])
	}
	var fixed float64
	for _, probe := range q.layout.probes(r) {
		elastic := q.layout.elastic(&probe)
		fixed = 0 // the same for every probe
		for i, block := range q.space.Blocks(q.layout.arch(&probe)) {
			c := cost(block)
			if c < 0 || math.IsInf(c, 0) {
				return fmt.Errorf("block %s (%s) costs %g, expected 0 or more", block.Name, block.Key(), c)
			}
			if i < len(elastic) && elastic[i] >= 0 {
				b := elastic[i]
				table[b][probe.variant[b]] = c
			} else {
				fixed += c
			}
		}
	}
	q.fixed, q.blocks = append(q.fixed, fixed), append(q.blocks, table)
	return nil
}

// Sum is the network's quantity: NaN for an arch that is not one of the space, or a block of
// unknown cost.
func (q *Additive) Sum(a supernet.Arch) float64 {
	var at choices
	if !q.layout.read(&a, &at) {
		return math.NaN()
	}
	sum := q.fixed[at.resolution]
	for b, v := range at.variant[:q.layout.blocks] {
		if v >= 0 {
			sum += q.blocks[at.resolution][b][v]
		}
	}
	return sum
}

// Min is a network of the smallest sum among those of known cost, and the sum. It is exact: given
// resolution and depth, every block can be chosen for itself.
func (q *Additive) Min() (supernet.Arch, float64) {
	var best supernet.Arch
	smallest := math.NaN()
	for r := range q.space.Resolutions {
		if arch, sum := q.minAt(r); !(sum >= smallest) && !math.IsNaN(sum) {
			best, smallest = arch, sum
		}
	}
	return best, smallest
}

// minAt is Min for one resolution.
func (q *Additive) minAt(r int) (supernet.Arch, float64) {
	sum := q.fixed[r]
	pick := choices{resolution: r}
	for s := range q.layout.stages {
		st := &q.layout.stages[s]
		smallest, depth := math.NaN(), 0
		for d := range st.depths {
			if c := q.stageMin(r, st, d, nil); !(c >= smallest) && !math.IsNaN(c) {
				smallest, depth = c, d
			}
		}
		pick.depth[s] = int32(depth)
		sum += q.stageMin(r, st, depth, &pick)
	}
	return q.layout.arch(&pick), sum
}

// stageMin is the smallest sum over a stage at its d-th depth, NaN if a block has no known variant;
// it notes the variants in pick, if given. Comparisons are written so that NaN, of which none is
// true, never wins.
func (q *Additive) stageMin(r int, st *stageLayout, d int, pick *choices) (sum float64) {
	for j := range st.depths[d] {
		b := st.first + j
		smallest, variant := math.NaN(), int32(0)
		lo, hi := st.variants(d)
		for v := lo; v < hi; v++ {
			if c := q.blocks[r][b][v]; !(c >= smallest) && !math.IsNaN(c) {
				smallest, variant = c, v
			}
		}
		sum += smallest
		if pick != nil {
			pick.variant[b] = variant
		}
	}
	return sum
}
