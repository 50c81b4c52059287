package choices

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Additive is a quantity of a network that is a sum over its blocks, such as MACs or calibrated
// block times. A block's work depends on the resolution, its place and its own genes alone, so
// that all of them fit a small table.
type Additive struct {
	space     *supernet.Space
	numbering *Numbering
	// sums is by resolution: as the constant what no gene changes (stem, fixed stages, head), as
	// the weights the costs of variants. NaN is unknown.
	sums []Affine
}

// BlockCost is the cost of a block.
type BlockCost func(supernet.Block) float64

// NewAdditive tabulates cost over all blocks of a space. A cost of NaN says that the block's cost
// is not known: sums over it are NaN too. The error is for a space without a single network of
// known cost, or a cost that is negative or infinite.
func NewAdditive(space *supernet.Space, cost BlockCost) (*Additive, error) {
	return NewAdditiveAt(space, space.Resolutions, cost.at())
}

// at is the cost at any resolution.
func (c BlockCost) at() CostAt { return func(_ int, b supernet.Block) float64 { return c(b) } }

// CostAt is the cost of a block of the networks of a resolution, in pixels.
type CostAt func(resolution int, b supernet.Block) float64

// NewAdditiveAt tabulates costs of which the same block may have another at another resolution, at
// some of the space's resolutions; at the others nothing is known.
func NewAdditiveAt(space *supernet.Space, resolutions []int, cost CostAt) (*Additive, error) {
	q := &Additive{space: space, numbering: NewNumbering(space)}
	if err := q.tabulateAll(resolutions, cost); err != nil {
		return nil, err
	}
	if _, smallest := q.Min(); math.IsNaN(smallest) {
		return nil, fmt.Errorf("no network of space %s has blocks of known cost only", space.Name)
	}
	return q, nil
}

// covering is one of the archs that together take every choice of every block.
type covering struct {
	arch    supernet.Arch
	numbers []int // by block, what it takes; -1 for one without a choice
}

// coverings together take every choice of every block.
func (q *Additive) coverings() (all []covering) {
	for _, t := range q.numbering.coverings() {
		p := covering{arch: q.numbering.Arch(&t)}
		variants := t.variants(q.numbering)
		p.numbers, _ = q.space.PartBlocks(p.arch)
		for i, part := range p.numbers {
			if part >= 0 {
				p.numbers[i], variants = int(variants[0]), variants[1:]
			}
		}
		all = append(all, p)
	}
	return all
}

// tabulateAll fills the tables of some resolutions, and leaves those of others unknown.
func (q *Additive) tabulateAll(resolutions []int, cost CostAt) error {
	coverings := q.coverings()
	for _, resolution := range q.space.Resolutions {
		f := q.numbering.unknown()
		f.Constant = math.NaN()
		if slices.Contains(resolutions, resolution) {
			var err error
			if f, err = q.tabulate(resolution, coverings, cost); err != nil {
				return err
			}
		}
		q.sums = append(q.sums, f)
	}
	return nil
}

// tabulate asks for the cost of every block that a resolution can have.
func (q *Additive) tabulate(resolution int, coverings []covering, cost CostAt) (Affine, error) {
	f := q.numbering.unknown()
	for _, p := range coverings {
		p.arch.Resolution = uint16(resolution)
		f.Constant = 0 // the same for every covering
		for i, block := range q.space.Blocks(p.arch) {
			number := p.numbers[i]
			if number >= 0 && !math.IsNaN(f.Weights[number]) {
				continue // it was in another covering
			}
			c := cost(resolution, block)
			if c < 0 || math.IsInf(c, 0) {
				return f, fmt.Errorf("block %s (%s) costs %g, expected 0 or more",
					block.Name, block.Key(), c)
			}
			if number >= 0 {
				f.Weights[number] = c
			} else {
				f.Constant += c
			}
		}
	}
	return f, nil
}

// unknown has no cost of depths and widths, and unknown ones of variants.
func (n *Numbering) unknown() Affine {
	f := Affine{Weights: slices.Repeat([]float64{math.NaN()}, n.length)}
	if len(n.Stages) > 0 {
		clear(f.Weights[:n.Stages[0].variant])
	}
	return f
}

// Sum is the network's quantity: NaN for an arch that is not one of the space, or a block of
// unknown cost.
func (q *Additive) Sum(a supernet.Arch) float64 {
	var t Taken
	if !q.numbering.Read(&a, &t) {
		return math.NaN()
	}
	return q.SumTaken(&t)
}

// SumTaken is Sum for choices that a numbering of the same space has read.
func (q *Additive) SumTaken(t *Taken) float64 {
	f := &q.sums[t.Resolution]
	sum := f.Constant
	for _, number := range t.variants(q.numbering) {
		sum += f.Weights[number]
	}
	return sum
}

// Affine is the quantity over the networks of a resolution in pixels. Choices of unknown cost are
// NaN, and everything is at a resolution that the space does not have.
func (q *Additive) Affine(resolution int) Affine {
	r := q.numbering.resolution(resolution)
	if r < 0 {
		f := q.numbering.unknown()
		f.Constant = math.NaN()
		return f
	}
	return Affine{q.sums[r].Constant, slices.Clone(q.sums[r].Weights)}
}

// Min is a network of the smallest sum among those of known cost, and the sum. It is exact: given
// resolution, depths and widths, every block can be chosen for itself.
func (q *Additive) Min() (supernet.Arch, float64) {
	var best supernet.Arch
	smallest := math.NaN()
	for r := range q.sums {
		if arch, sum := q.minAt(r); !(sum >= smallest) && !math.IsNaN(sum) {
			best, smallest = arch, sum
		}
	}
	return best, smallest
}

// least is the smallest sum of the stages so far that end in some width, and how it is reached.
type least struct {
	sum   float64 // NaN if no network is known
	form  form    // of the last stage
	stage *least  // the one before, nil for the first
}

// minAt is Min for one resolution: by stage, from the smallest sums for each width before it, those
// for each of its own.
func (q *Additive) minAt(r int) (supernet.Arch, float64) {
	before := []*least{{sum: q.sums[r].Constant}}
	for i := range q.numbering.Stages {
		s := &q.numbering.Stages[i]
		after := make([]*least, s.Widths)
		for w := range after {
			after[w] = s.least(&q.sums[r], before, w)
		}
		before = after
	}
	best := before[0]
	for _, l := range before[1:] {
		if !(l.sum >= best.sum) && !math.IsNaN(l.sum) {
			best = l
		}
	}
	return q.arch(r, best), best.sum
}

// least finds the smallest sum that ends in a width.
func (s *Stage) least(f *Affine, before []*least, width int) *least {
	best := &least{sum: math.NaN(), form: form{width: width}, stage: before[0]}
	for b, l := range before {
		smallest, at := math.NaN(), form{0, width, b}
		for d := range s.Depths {
			if c := s.min(f, form{d, width, b}, nil); !(c >= smallest) && !math.IsNaN(c) {
				smallest, at.depth = c, d
			}
		}
		if sum := l.sum + smallest; !(sum >= best.sum) && !math.IsNaN(sum) {
			best = &least{sum, at, l}
		}
	}
	return best
}

// arch is the network that a sum is reached with.
func (q *Additive) arch(r int, at *least) supernet.Arch {
	t := q.numbering.none(r)
	forms := make([]form, len(q.numbering.Stages))
	for i := len(forms) - 1; i >= 0; i-- {
		forms[i], at = at.form, at.stage
	}
	for i, f := range forms {
		t.form(q.numbering, i, f)
		q.numbering.Stages[i].min(&q.sums[r], f, &t)
	}
	return q.numbering.Arch(&t)
}

// min is the smallest sum over a stage of some form, NaN if a block has no known variant; it takes
// the variants in t, if given. Comparisons are written so that NaN, of which none is true, never
// wins.
func (s *Stage) min(f *Affine, of form, t *Taken) (sum float64) {
	for j := range s.Depths[of.depth] {
		from, to := s.open(of, j)
		smallest, chosen := math.NaN(), from
		for number := from; number < to; number++ {
			if c := f.Weights[number]; !(c >= smallest) && !math.IsNaN(c) {
				smallest, chosen = c, number
			}
		}
		sum += smallest
		if t != nil {
			t.block(chosen)
		}
	}
	return sum
}

// NewSums are sums over choices that are known by resolution, as [Additive.Affine] gives them.
func NewSums(space *supernet.Space, at func(resolution int) Affine) *Additive {
	q := &Additive{space: space, numbering: NewNumbering(space)}
	for _, r := range space.Resolutions {
		q.sums = append(q.sums, at(r))
	}
	return q
}

// MinOf is [Additive.Min] among the networks of some resolutions; false if none of them is known.
func (q *Additive) MinOf(resolutions []int) (best supernet.Arch, smallest float64, ok bool) {
	for _, resolution := range resolutions {
		r := q.numbering.resolution(resolution)
		if r < 0 {
			continue
		}
		if a, sum := q.minAt(r); !math.IsNaN(sum) && (!ok || sum < smallest) {
			best, smallest, ok = a, sum, true
		}
	}
	return best, smallest, ok
}
