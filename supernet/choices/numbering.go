package choices

import (
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Numbering numbers the choices of a space, but for the resolution: first the depths, by elastic
// stage, then the variants, by elastic block. Reading an arch by it takes neither allocations nor
// the building of blocks: a search reads some 50,000.
type Numbering struct {
	Resolutions []int
	Stages      []Stage // the elastic ones
	length      int
}

// Stage is the choices of an elastic stage. A variant is one of the ways to build a block of it:
// by kernel and expand ratio, or by depth and kernel where the depth decides the expand ratio.
type Stage struct {
	First   int // its first block, in supernet.Arch.Kernel
	Depths  []int
	Kernels []int
	Expands []float32 // nil where the depth decides

	depth   int // number of the first of Depths
	variant int // number of the first variant of its first block
}

// NewNumbering numbers the choices of a space.
func NewNumbering(space *supernet.Space) *Numbering {
	n := &Numbering{Resolutions: space.Resolutions}
	for _, st := range space.ElasticStages() {
		s := Stage{First: st.First, Depths: st.Depth, Kernels: st.Kernel, depth: n.length}
		if st.ExpandByDepth == nil {
			for _, e := range st.Expand {
				s.Expands = append(s.Expands, float32(e))
			}
		}
		n.Stages = append(n.Stages, s)
		n.length += len(s.Depths)
	}
	for i := range n.Stages {
		s := &n.Stages[i]
		s.variant = n.length
		n.length += s.Blocks() * s.Variants()
	}
	return n
}

// Len is how many choices there are.
func (n *Numbering) Len() int { return n.length }

// Blocks is the largest depth.
func (s *Stage) Blocks() int { return s.Depths[len(s.Depths)-1] }

// Variants is how many a block of the stage has.
func (s *Stage) Variants() int {
	if s.Expands == nil {
		return len(s.Depths) * len(s.Kernels)
	}
	return len(s.Kernels) * len(s.Expands)
}

// Depth is the number of the d-th depth.
func (s *Stage) Depth(d int) int { return s.depth + d }

// Variant is the number of the v-th variant of the j-th block of the stage.
func (s *Stage) Variant(j, v int) int { return s.variant + j*s.Variants() + v }

// Genes are the indexes of a variant's kernel and expand ratio; the latter is 0 where the depth
// decides.
func (s *Stage) Genes(variant int) (kernel, expand int) {
	if s.Expands == nil {
		return variant % len(s.Kernels), 0
	}
	return variant / len(s.Expands), variant % len(s.Expands)
}

// built is the variant of a block at the d-th depth, the inverse of Genes: depth or kernel count
// first, so that the variants of one depth are a range.
func (s *Stage) built(d, kernel, expand int) int {
	if s.Expands == nil {
		return d*len(s.Kernels) + kernel
	}
	return kernel*len(s.Expands) + expand
}

// open is the range of the numbers of what the j-th block may be at the d-th depth.
func (s *Stage) open(d, j int) (from, to int) {
	if s.Expands == nil {
		return s.Variant(j, s.built(d, 0, 0)), s.Variant(j, s.built(d+1, 0, 0))
	}
	return s.Variant(j, 0), s.Variant(j, s.Variants())
}

// coverings are archs of the first resolution that together take every choice of every block.
// Uniform choices are enough, since what a block is does not depend on the genes of others, but for
// the depth of its own stage.
func (n *Numbering) coverings() []Taken {
	depths, kernels, expands := 1, 1, 1
	for i := range n.Stages {
		s := &n.Stages[i]
		kernels, expands = max(kernels, len(s.Kernels)), max(expands, len(s.Expands))
		if s.Expands == nil {
			depths = max(depths, len(s.Depths))
		}
	}
	var all []Taken
	for d := range depths {
		for k := range kernels {
			for e := range expands {
				all = append(all, n.covering(d, k, e))
			}
		}
	}
	return all
}

// covering makes the same choice everywhere, or the last where there are fewer. Depth is full
// unless it decides the width.
func (n *Numbering) covering(d, k, e int) Taken {
	t := n.none(0)
	for i := range n.Stages {
		s := &n.Stages[i]
		last := len(s.Depths) - 1
		at := last
		if s.Expands == nil {
			at = min(d, last)
		}
		v := s.built(at, min(k, len(s.Kernels)-1), max(min(e, len(s.Expands)-1), 0))
		t.depth(i, s.Depth(at))
		for j := range s.Depths[at] {
			t.block(s.Variant(j, v))
		}
	}
	return t
}

// resolution is the index of a resolution, -1 for one that the space does not have.
func (n *Numbering) resolution(pixels int) int { return slices.Index(n.Resolutions, pixels) }
