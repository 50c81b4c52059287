package choices

import (
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Numbering numbers the choices of a space, but for the resolution: first the depths, by part with
// genes, then the output widths of those parts that may have several, then the variants, by block.
// Reading an arch by it takes neither allocations nor the building of blocks: a search reads some
// 50,000.
type Numbering struct {
	Resolutions []int
	Stages      []Stage // the parts with genes
	widths      int     // of Stages, those with a choice of width
	blocks      int     // with genes of their own, at full depth
	length      int
}

// Stage is the choices of a part of the network that has genes. A variant is one of the ways to
// build a block of it: by kernel and expand ratio, or by depth and kernel where the depth decides
// the expand ratio; where widths are chosen by those around it first.
type Stage struct {
	First     int // its first block, in supernet.Arch.Kernel; -1 if its blocks have no genes there
	Depths    []int
	DepthGene int // in supernet.Arch.Depth, -1 without a choice
	Widths    int // choices of its output width; 1 without a choice
	WidthGene int // in supernet.Arch.Width, -1 without a choice
	Before    int // choices of the output width of the stage before it
	Kernels   []int
	Expands   []float32 // nil where the depth decides

	input   bool // all of its blocks depend on the width before it
	depth   int  // number of the first of Depths
	width   int  // number of the first of the widths
	variant int  // number of the first variant of its first block
}

// NewNumbering numbers the choices of a space.
func NewNumbering(space *supernet.Space) *Numbering {
	n := &Numbering{Resolutions: space.Resolutions}
	before := 1
	for _, p := range space.Parts() {
		s := Stage{First: p.First, Depths: p.Depths, DepthGene: p.DepthGene, Widths: p.Widths,
			WidthGene: p.WidthGene, Before: before, Kernels: p.Kernels, input: p.Input,
			depth: n.length}
		for _, e := range p.Expands {
			s.Expands = append(s.Expands, float32(e))
		}
		if p.First >= 0 {
			n.blocks += p.MaxDepth()
		}
		n.Stages = append(n.Stages, s)
		n.length += len(s.Depths)
		before = p.Widths
	}
	for i := range n.Stages {
		if s := &n.Stages[i]; s.WidthGene >= 0 {
			s.width = n.length
			n.length += s.Widths
			n.widths++
		}
	}
	for i := range n.Stages {
		s := &n.Stages[i]
		s.variant = n.length
		n.length = s.Variant(s.Blocks(), 0)
	}
	return n
}

// Len is how many choices there are.
func (n *Numbering) Len() int { return n.length }

// Blocks is the largest depth.
func (s *Stage) Blocks() int { return s.Depths[len(s.Depths)-1] }

// Variants is how many the j-th block of the stage has.
func (s *Stage) Variants(j int) int { return s.shapes(j) * s.perShape() }

// perShape is how many variants a block has between given widths.
func (s *Stage) perShape() int {
	if s.Expands == nil {
		return len(s.Depths) * len(s.Kernels)
	}
	return len(s.Kernels) * len(s.Expands)
}

// shapes is how many pairs of widths the j-th block may be between.
func (s *Stage) shapes(j int) int {
	if s.reads(j) {
		return s.Before * s.Widths
	}
	return s.Widths
}

// reads says whether the j-th block depends on the width of the stage before.
func (s *Stage) reads(j int) bool { return j == 0 || s.input }

// shape is the pair of widths that the j-th block is between, by that of the stage before and its
// own.
func (s *Stage) shape(j, before, own int) int {
	if s.reads(j) {
		return before*s.Widths + own
	}
	return own
}

// Depth is the number of the d-th depth.
func (s *Stage) Depth(d int) int { return s.depth + d }

// Width is the number of the w-th width, of a stage with a choice.
func (s *Stage) Width(w int) int { return s.width + w }

// Variant is the number of the v-th variant of the j-th block of the stage.
func (s *Stage) Variant(j, v int) int {
	if j == 0 {
		return s.variant + v
	}
	return s.variant + s.Variants(0) + (j-1)*s.Variants(1) + v
}

// Genes are the indexes of a variant's kernel and expand ratio; the latter is 0 where the depth
// decides.
func (s *Stage) Genes(variant int) (kernel, expand int) {
	variant %= s.perShape()
	if s.Expands == nil {
		return variant % len(s.Kernels), 0
	}
	return variant / len(s.Expands), variant % len(s.Expands)
}

// built is the variant of a block at the d-th depth between given widths, the inverse of Genes:
// depth or kernel count first, so that the variants of one depth are a range.
func (s *Stage) built(d, kernel, expand int) int {
	if s.Expands == nil {
		return d*len(s.Kernels) + kernel
	}
	return kernel*len(s.Expands) + expand
}

// form is what is chosen of a stage as a whole, by index, and the width of the one before it.
type form struct{ depth, width, before int }

// number is that of the variant that the j-th block is with a kernel and an expand ratio.
func (s *Stage) number(f form, j, kernel, expand int) int {
	return s.start(f, j) + s.built(f.depth, kernel, expand)
}

// start is the number of the first variant of the j-th block between a form's widths.
func (s *Stage) start(f form, j int) int {
	return s.Variant(j, s.shape(j, f.before, f.width)*s.perShape())
}

// open is the range of the numbers of what the j-th block may be.
func (s *Stage) open(f form, j int) (from, to int) {
	from = s.number(f, j, 0, 0)
	if s.Expands == nil {
		return from, from + len(s.Kernels)
	}
	return from, from + s.perShape()
}

// coverings are archs of the first resolution that together take every choice of every block.
// Uniform choices are enough, since what a block is does not depend on the genes of others, but for
// the depth of its own stage, and for the widths around it, which two by turns show.
func (n *Numbering) coverings() []Taken {
	depths, kernels, expands, widths := 1, 1, 1, 1
	for i := range n.Stages {
		s := &n.Stages[i]
		kernels, expands = max(kernels, len(s.Kernels)), max(expands, len(s.Expands))
		widths = max(widths, s.Widths)
		if s.Expands == nil {
			depths = max(depths, len(s.Depths))
		}
	}
	var all []Taken
	for pair := range widths * widths {
		for d := range depths {
			for k := range kernels {
				for e := range expands {
					all = append(all, n.covering([2]int{pair / widths, pair % widths}, d, k, e))
				}
			}
		}
	}
	return all
}

// covering makes the same choice everywhere, or the last where there are fewer; of the widths it
// takes two by turns. Depth is full unless it decides the width.
func (n *Numbering) covering(widths [2]int, d, k, e int) Taken {
	t := n.none(0)
	before := 0
	for i := range n.Stages {
		s := &n.Stages[i]
		last := len(s.Depths) - 1
		f := form{last, min(widths[i%2], s.Widths-1), before}
		if s.Expands == nil {
			f.depth = min(d, last)
		}
		t.form(n, i, f)
		for j := range s.Depths[f.depth] {
			t.block(s.number(f, j, min(k, len(s.Kernels)-1), max(min(e, len(s.Expands)-1), 0)))
		}
		before = f.width
	}
	return t
}

// resolution is the index of a resolution, -1 for one that the space does not have.
func (n *Numbering) resolution(pixels int) int { return slices.Index(n.Resolutions, pixels) }
