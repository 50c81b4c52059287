package search

import (
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// layout is where the genes of a space are, see [supernet.Space.Genes].
type layout struct {
	sizes []int
	parts []partGenes
}

// partGenes are the genes of a part: -1 is none.
type partGenes struct {
	depth, width int
	depths       []int
	blocks       [][]int      // the genes of each block, at full depth
	variants     [][][]uint16 // of each block, the choices of its genes

	// What one choice may change: the width, from each depth to a smaller and a larger one, and
	// each block to each of its variants.
	widths   []optimize.Change
	deeper   [][]optimize.Change
	rebuilds [][]optimize.Change
}

func newLayout(space *supernet.Space) *layout {
	l := &layout{sizes: space.Genes()}
	next := supernet.ResolutionGene + 1
	take := func() int { next++; return next - 1 }
	for _, p := range space.Parts() {
		g := partGenes{depth: -1, width: -1, depths: p.Depths}
		if p.DepthGene >= 0 {
			g.depth = take()
		}
		if p.WidthGene >= 0 {
			g.width = take()
		}
		for range p.MaxDepth() {
			if p.First < 0 {
				break
			}
			block := []int{take()}
			if p.Expands != nil {
				block = append(block, take())
			}
			g.blocks = append(g.blocks, block)
			g.variants = append(g.variants, l.variants(block))
		}
		g.tabulate(l.sizes)
		l.parts = append(l.parts, g)
	}
	return l
}

// groups are the genes of the resolution and of each part.
func (l *layout) groups() [][]int {
	groups := [][]int{{supernet.ResolutionGene}}
	for _, p := range l.parts {
		group := slices.Concat(p.blocks...)
		for _, gene := range []int{p.depth, p.width} {
			if gene >= 0 {
				group = append(group, gene)
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// clear sets the genes of absent blocks to zero.
func (l *layout) clear(g optimize.Genes) {
	for i := range l.parts {
		p := &l.parts[i]
		if p.depth < 0 {
			continue
		}
		for _, block := range p.blocks[min(p.depths[g[p.depth]], len(p.blocks)):] {
			for _, gene := range block {
				g[gene] = 0
			}
		}
	}
}

// tabulate lists what one choice may change. A stage that grows by a block does so with each
// variant of it.
func (p *partGenes) tabulate(sizes []int) {
	if p.width >= 0 {
		for w := range sizes[p.width] {
			p.widths = append(p.widths, optimize.Change{Genes: []int{p.width},
				To: []uint16{uint16(w)}})
		}
	}
	for j, block := range p.blocks {
		var all []optimize.Change
		for _, v := range p.variants[j] {
			all = append(all, optimize.Change{Genes: block, To: v})
		}
		p.rebuilds = append(p.rebuilds, all)
	}
	if p.depth < 0 {
		return
	}
	// to is a change of depth, with choices for the genes of the blocks between
	to := func(d, from, end int, v []uint16) optimize.Change {
		c := optimize.Change{Genes: []int{p.depth}, To: []uint16{uint16(d)}}
		for _, block := range p.blocks[min(from, len(p.blocks)):min(end, len(p.blocks))] {
			c.Genes, c.To = append(c.Genes, block...), append(c.To, v...)
		}
		return c
	}
	for d, depth := range p.depths {
		var all []optimize.Change
		if d > 0 {
			gone := p.depths[d-1]
			all = append(all, to(d-1, gone, depth, make([]uint16, len(p.variantsOf(gone)[0]))))
		}
		if d+1 < len(p.depths) {
			for _, v := range p.variantsOf(depth) {
				all = append(all, to(d+1, depth, p.depths[d+1], v))
			}
		}
		p.deeper = append(p.deeper, all)
	}
}

// depthOf is the number of blocks that a network has of a part.
func (p *partGenes) depthOf(g optimize.Genes) int {
	if p.depth < 0 {
		return p.depths[len(p.depths)-1]
	}
	return p.depths[g[p.depth]]
}

// variantOf is the place of a network's j-th block among its variants.
func (p *partGenes) variantOf(sizes []int, j int, g optimize.Genes) (v int) {
	for _, gene := range p.blocks[j] {
		v = v*sizes[gene] + int(g[gene])
	}
	return v
}

// variants are the choices of the genes of a block.
func (l *layout) variants(block []int) [][]uint16 {
	all := [][]uint16{nil}
	for _, gene := range block {
		var longer [][]uint16
		for _, v := range all {
			for c := range l.sizes[gene] {
				longer = append(longer, append(slices.Clone(v), uint16(c)))
			}
		}
		all = longer
	}
	return all
}

// variantsOf are those of the j-th block of a part; one without genes has one.
func (p *partGenes) variantsOf(j int) [][]uint16 {
	if j >= len(p.blocks) {
		return [][]uint16{nil}
	}
	return p.variants[j]
}

// choicesOfResolution are the indexes of the resolutions that are searched.
func (f *finder) choicesOfResolution() (all []uint16) {
	for i, r := range f.Space.Resolutions {
		if slices.Contains(f.Resolutions, r) {
			all = append(all, uint16(i))
		}
	}
	return all
}

// limited are the costs that have a limit.
func (f *finder) limited() (all []Cost) {
	for _, c := range allCosts {
		if c.Limited(f.Limits) != 0 {
			all = append(all, c)
		}
	}
	return all
}

// decode gives the networks of a batch, in room if that is enough.
func (f *finder) decode(room []supernet.Arch, batch []optimize.Genes) []supernet.Arch {
	room = room[:0]
	for _, g := range batch {
		room = append(room, f.Space.Decode(g))
	}
	return room
}
