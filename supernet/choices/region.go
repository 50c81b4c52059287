package choices

import (
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Region is the networks of a space with one resolution and some of the choices of each other
// gene. Over a region every additive cost is an affine function of which choices are taken; that
// is what bounds are made of.
type Region struct {
	Resolution int // in pixels
	numbering  *Numbering
	allowed    []bool // by number of the choice
}

// NewRegion is all networks of a resolution of the space.
func NewRegion(space *supernet.Space, resolution int) *Region {
	n := NewNumbering(space)
	return &Region{resolution, n, slices.Repeat([]bool{true}, n.length)}
}

// Contains says whether an arch of the space is in the region.
func (r *Region) Contains(a supernet.Arch) bool {
	var t Taken
	if int(a.Resolution) != r.Resolution || !r.numbering.Read(&a, &t) {
		return false
	}
	for _, number := range t.Numbers() {
		if !r.allowed[number] {
			return false
		}
	}
	return true
}

// Only is the network of a region that holds no other.
func (r *Region) Only() (supernet.Arch, bool) {
	t := r.numbering.none(r.numbering.resolution(r.Resolution))
	if t.Resolution < 0 {
		return supernet.Arch{}, false
	}
	before := 0
	for i := range r.numbering.Stages {
		s := &r.numbering.Stages[i]
		depths, widths := r.depths(s), r.widths(s)
		if len(depths) != 1 || len(widths) != 1 {
			return supernet.Arch{}, false
		}
		f := form{depths[0] - s.depth, widths[0], before}
		t.form(r.numbering, i, f)
		for j := range s.Depths[f.depth] {
			variants := r.among(s.open(f, j))
			if len(variants) != 1 {
				return supernet.Arch{}, false
			}
			t.block(variants[0])
		}
		before = f.width
	}
	return r.numbering.Arch(&t), true
}

// depths are the numbers of the allowed depths of a stage.
func (r *Region) depths(s *Stage) []int { return r.among(s.Depth(0), s.Depth(len(s.Depths))) }

// widths are the indexes of the allowed widths of a stage.
func (r *Region) widths(s *Stage) (indexes []int) {
	for w := range s.Widths {
		if s.WidthGene < 0 || r.allowed[s.Width(w)] {
			indexes = append(indexes, w)
		}
	}
	return indexes
}

// among are the allowed ones of a range of numbers.
func (r *Region) among(from, to int) (numbers []int) {
	for number := from; number < to; number++ {
		if r.allowed[number] {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// Split cuts the region into smaller ones, which together hold the same networks: by the first
// depth or width that is open, then by the choices of the block that has most. A region of one
// network gives none.
func (r *Region) Split() []*Region {
	for i := range r.numbering.Stages {
		s := &r.numbering.Stages[i]
		if depths := r.depths(s); len(depths) > 1 {
			return r.cut(depths, s.Depth(0), s.Depth(len(s.Depths)))
		}
		if widths := r.widths(s); len(widths) > 1 {
			from, to := s.Width(0), s.Width(s.Widths)
			return r.cut(r.among(from, to), from, to)
		}
	}
	var most []int // what the block is allowed that has most choices
	var from, to, before int
	for i := range r.numbering.Stages {
		s := &r.numbering.Stages[i]
		f := form{r.depths(s)[0] - s.depth, r.widths(s)[0], before}
		for j := range s.Depths[f.depth] {
			if open := r.among(s.open(f, j)); len(open) > max(1, len(most)) {
				most, from, to = open, s.Variant(j, 0), s.Variant(j, s.Variants(j))
			}
		}
		before = f.width
	}
	return r.cut(most, from, to)
}

// cut makes a region for each choice of one gene, whose numbers are a range.
func (r *Region) cut(open []int, from, to int) (parts []*Region) {
	for _, number := range open {
		part := &Region{r.Resolution, r.numbering, slices.Clone(r.allowed)}
		clear(part.allowed[from:to])
		part.allowed[number] = true
		parts = append(parts, part)
	}
	return parts
}
