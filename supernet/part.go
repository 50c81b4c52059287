package supernet

import "slices"

// Part is a run of blocks whose depth and output width are chosen together: an elastic stage, and,
// where they have genes, what a stem has of one width, and the head. Over all archs a block depends
// on its own genes, the width of its part and, as the first of its part, on that of the part before
// it.
type Part struct {
	Depths []int // how many blocks it may have, ascending
	// DepthGene is the index of its depth in [Arch.Depth], -1 if it has one depth and no gene.
	DepthGene int
	Widths    int // choices of its output width, 1 if there is none
	// WidthGene is the index of its width in [Arch.Width], -1 if there is none.
	WidthGene int
	// First is the index of its first block in [Arch.Kernel] and [Arch.Expand], -1 if its blocks
	// have no genes of their own.
	First   int
	Kernels []int     // choices of each block; a single one without genes
	Expands []float64 // likewise; nil where the depth decides
	// Input says that all of its blocks depend on the width of the part before it, not the first
	// alone.
	Input bool

	names depthNames
}

// MaxDepth is the largest depth.
func (p *Part) MaxDepth() int { return p.Depths[len(p.Depths)-1] }

// Parts lists the parts with genes in the order of the network. Only a space with [Space.Widths]
// has all blocks in one of them. They are the space's own.
func (s *Space) Parts() []Part { return s.geneIndex.parts }

// PartBlocks says of each block of [Space.Blocks] which part it belongs to, and how many blocks of
// that are before it; part is -1 if no gene changes it.
func (s *Space) PartBlocks(a Arch) (part, index []int) {
	network := s.build(a)
	for _, at := range network.within {
		part, index = append(part, at.stage), append(index, at.index)
	}
	return part, index
}

// elasticWidths says whether widths are chosen.
func (s *Space) elasticWidths() bool { return len(s.Widths) > 1 }

// stemParts is how many widths a stem has.
func (s *Space) stemParts() int {
	if s.Stem.deep() {
		return 2
	}
	return 1
}

// widthChoices is how many widths are chosen.
func (s *Space) widthChoices() int {
	if !s.elasticWidths() {
		return 0
	}
	return s.stemParts() + len(s.Stages)
}

// multiplier is that of a width, counted from the stem on.
func (s *Space) multiplier(a Arch, at int) float64 {
	if len(s.Widths) == 0 {
		return 1
	}
	return s.Widths[a.Width[at]]
}

// stageWidth is the output channels of stage i.
func (s *Space) stageWidth(a Arch, i int) int {
	return s.scaled(s.Stages[i].Width, s.multiplier(a, s.stemParts()+i))
}

// part begins one with its width.
func (l *geneIndex) part(s *Space) Part {
	p := Part{DepthGene: -1, Widths: 1, WidthGene: -1, First: -1, Kernels: []int{0},
		Expands: []float64{0}}
	if s.elasticWidths() {
		p.Widths, p.WidthGene = len(s.Widths), l.widths
		l.widths++
	}
	return p
}

// stem adds the parts of the stem.
func (l *geneIndex) stem(s *Space) {
	choice := len(s.Stem.Depth) > 1
	if !choice && !s.elasticWidths() {
		return
	}
	p := l.part(s)
	if p.Depths = []int{1}; s.Stem.deep() {
		p.Depths, p.names = s.Stem.Depth, depthNames{stem: true}
	}
	if choice {
		p.DepthGene = l.stages
		l.stages++
	}
	l.parts = append(l.parts, p)
	if s.Stem.deep() && s.elasticWidths() {
		p := l.part(s)
		p.Depths = []int{len(stemEnd)}
		l.parts = append(l.parts, p)
	}
}

// stage adds the part of stage i.
func (l *geneIndex) stage(s *Space, i int) {
	st, p := &s.Stages[i], l.part(s)
	p.Depths, p.DepthGene, p.names = st.Depth, l.stages, depthNames{from: st.DepthFrom}
	p.First, p.Kernels, p.Expands = l.blocks, st.Kernel, st.Expand
	if st.ExpandByDepth != nil {
		p.Expands = nil
	}
	l.parts = append(l.parts, p)
	l.stages++
	l.blocks += st.maxDepth()
}

// head adds the part of the head, which depends on the last width and has no gene of its own.
func (l *geneIndex) head(s *Space) {
	if !s.elasticWidths() {
		return
	}
	n := 2 // mean and classifier
	for _, width := range []int{s.Head.Expand, s.Head.Features} {
		if width > 0 {
			n++
		}
	}
	l.parts = append(l.parts, Part{Depths: []int{n}, DepthGene: -1, Widths: 1, WidthGene: -1,
		First: -1, Kernels: []int{0}, Expands: []float64{0}, Input: true})
}

// depthNames is how an arch in JSON writes the depths of a part.
type depthNames struct {
	from int
	stem bool // OFA writes 0 where its stem has no second convolution
}

// name is what is written for a number of blocks.
func (n depthNames) name(depth int) int {
	if n.stem && depth == 1 {
		return 0
	}
	return depth - n.from
}

// all is what may be written.
func (n depthNames) all(depths []int) (names []int) {
	for _, d := range depths {
		names = append(names, n.name(d))
	}
	return names
}

// depth is the number of blocks that a name stands for; false if it is none of the depths.
func (n depthNames) depth(name int, depths []int) (int, bool) {
	at := slices.Index(n.all(depths), name)
	if at < 0 {
		return 0, false
	}
	return depths[at], true
}
