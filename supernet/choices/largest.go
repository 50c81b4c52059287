package choices

import (
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// Largest is a quantity of a network that is the largest of its blocks', such as the memory of
// activations.
type Largest struct {
	tables *Additive // with the largest of what no gene changes as the constant
}

// NewLargest tabulates the quantity over all blocks of a space, at some of its resolutions; at the
// others nothing is known. Each must be 0 or more.
func NewLargest(space *supernet.Space, resolutions []int, of BlockCost) (*Largest, error) {
	q := &Additive{space: space, numbering: NewNumbering(space)}
	if err := q.tabulateAll(resolutions, of.at()); err != nil {
		return nil, err
	}
	p := q.coverings()[0]
	for r, resolution := range space.Resolutions {
		if math.IsNaN(q.sums[r].Constant) {
			continue
		}
		p.arch.Resolution = uint16(resolution)
		q.sums[r].Constant = 0
		for i, b := range space.Blocks(p.arch) {
			if p.numbers[i] < 0 {
				q.sums[r].Constant = max(q.sums[r].Constant, of(b))
			}
		}
	}
	return &Largest{q}, nil
}

// Of is the quantity of a network, NaN for an arch that is not one of the space.
func (l *Largest) Of(a supernet.Arch) float64 {
	var t Taken
	if !l.tables.numbering.Read(&a, &t) {
		return l.tables.Sum(a)
	}
	return l.OfTaken(&t)
}

// OfTaken is Of for choices that a numbering of the same space has read.
func (l *Largest) OfTaken(t *Taken) float64 {
	f := &l.tables.sums[t.Resolution]
	most := f.Constant
	for _, number := range t.variants(l.tables.numbering) {
		most = max(most, f.Weights[number])
	}
	return most
}

// Over counts at a resolution in pixels the blocks of a network that are over a limit: a network is
// within the limit where the sum is 0, so that it is a budget like others.
func (l *Largest) Over(resolution int, limit float64) Affine {
	f := l.tables.Affine(resolution)
	f.Constant = over(f.Constant, limit)
	for i := range f.Weights {
		f.Weights[i] = over(f.Weights[i], limit)
	}
	return f
}

// over is 1 of what is over a limit; what is not known stays so.
func over(v, limit float64) float64 {
	switch {
	case v > limit:
		return 1
	case v <= limit:
		return 0
	}
	return v
}

// MinOf is a network of the smallest quantity among those of some resolutions, and the quantity;
// false if none of these is one that there is a table for.
func (l *Largest) MinOf(resolutions []int) (best supernet.Arch, smallest float64, ok bool) {
	for _, r := range resolutions {
		at := l.tables.numbering.resolution(r)
		if at < 0 || math.IsNaN(l.tables.sums[at].Constant) {
			continue
		}
		a, most := l.minAt(at)
		if !ok || most < smallest {
			best, smallest, ok = a, most, true
		}
	}
	return best, smallest, ok
}

// minAt lowers the limit to below the best network, until none is left.
func (l *Largest) minAt(r int) (supernet.Arch, float64) {
	q := Additive{space: l.tables.space, numbering: l.tables.numbering}
	best, _ := l.tables.minAt(r)
	for {
		most := l.Of(best)
		below := l.Over(q.numbering.Resolutions[r], math.Nextafter(most, 0))
		q.sums = make([]Affine, r+1)
		q.sums[r] = below
		a, over := q.minAt(r)
		if !(over == 0) {
			return best, most
		}
		best = a
	}
}
