package search

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
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

// neighbours are the networks one choice away: another resolution, width or depth, or another
// variant of a block. A stage that grows by a block does so with each variant of it.
func (f *finder) neighbours(g optimize.Genes) (all []optimize.Genes) {
	var room optimize.Genes // for some more
	with := func(genes []int, choices []uint16) {
		if len(room) < len(g) {
			room = make(optimize.Genes, 64*len(g))
		}
		n := room[:len(g):len(g)]
		copy(n, g)
		for i, gene := range genes {
			n[gene] = choices[i]
		}
		if !slices.Equal(n, g) {
			all, room = append(all, n), room[len(g):]
		}
	}
	for _, r := range f.choicesOfResolution() {
		with([]int{supernet.ResolutionGene}, []uint16{r})
	}
	for _, p := range f.layout.parts {
		depth := p.depths[len(p.depths)-1]
		// blocks are the genes of the blocks between two depths
		blocks := func(from, to int) []int {
			return slices.Concat(p.blocks[min(from, len(p.blocks)):min(to, len(p.blocks))]...)
		}
		if p.width >= 0 {
			for w := range f.layout.sizes[p.width] {
				with([]int{p.width}, []uint16{uint16(w)})
			}
		}
		if p.depth >= 0 {
			d := int(g[p.depth])
			depth = p.depths[d]
			if d > 0 {
				genes := append([]int{p.depth}, blocks(p.depths[d-1], depth)...)
				choices := make([]uint16, len(genes)) // zero for a block that is not there
				choices[0] = uint16(d - 1)
				with(genes, choices)
			}
			if d+1 < len(p.depths) {
				// the new block, of several all alike
				genes := append([]int{p.depth}, blocks(depth, p.depths[d+1])...)
				for _, v := range p.variantsOf(depth) {
					choices := []uint16{uint16(d + 1)}
					for len(choices) < len(genes) {
						choices = append(choices, v...)
					}
					with(genes, choices)
				}
			}
		}
		for j := range min(depth, len(p.blocks)) {
			for _, v := range p.variants[j] {
				with(p.blocks[j], v)
			}
		}
	}
	return all
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

// guide tells the optimizer what is near, if the accuracy predictor knows.
func (f *finder) guide() *optimize.Guide {
	near := nearPredictor(f.Accuracy)
	if near == nil {
		return nil
	}
	limited, lines := f.limited(), f.latencyLines()
	var taken []choices.Taken // used again and again: neighbours are many
	return &optimize.Guide{
		Neighbours: f.neighbours, Groups: f.layout.groups(), Constraints: len(limited),
		Apart: supernet.ResolutionGene, Choices: f.choicesOfResolution(),
		Near: func(base optimize.Genes, some []optimize.Genes, objectives, costs []float64) error {
			about, err := near.Near(f.Space.Decode(base))
			if err != nil {
				return fmt.Errorf("predict accuracy: %w", err)
			}
			taken = f.counts.read(some, taken)
			for i := range taken {
				t := &taken[i]
				objectives[i] = -about[t.Resolution].At(t)
			}
			return f.shares(some, taken, limited, lines, costs)
		},
		Costs: func(batch []optimize.Genes, out []float64) error {
			taken = f.counts.read(batch, taken)
			return f.shares(batch, taken, limited, nil, out)
		},
	}
}

// latencyLines is the latency by index of the resolutions, as far as it is a sum over choices.
func (f *finder) latencyLines() (lines []choices.Affine) {
	l, ok := f.Latency.(AdditiveLatency)
	if !ok {
		return nil
	}
	for _, r := range f.Space.Resolutions {
		lines = append(lines, l.Affine(r))
	}
	return lines
}

// shares fills out, (batch, limited), with costs as shares of their limits. Latencies are those of
// lines, to within rounding, if there are any.
func (f *finder) shares(batch []optimize.Genes, taken []choices.Taken, limited []Cost,
	lines []choices.Affine, out []float64) error {
	for j, c := range limited {
		limit := c.Limited(f.Limits)
		var ms []float64
		if c == Latency && lines == nil {
			var err error
			if ms, err = f.latency(f.archs(nil, batch)); err != nil {
				return err
			}
		}
		for i := range taken {
			t := &taken[i]
			v := f.counts.one(c, t)
			switch {
			case c == Latency && lines != nil:
				v = lines[t.Resolution].At(t)
			case c == Latency:
				v = ms[i]
			}
			out[i*len(limited)+j] = v / limit
		}
	}
	return nil
}

// limited are the costs that have a limit.
func (f *finder) limited() (all []Cost) {
	for _, c := range []Cost{Latency, MACs, Params, Memory, Size} {
		if c.Limited(f.Limits) != 0 {
			all = append(all, c)
		}
	}
	return all
}

// archs are those of a batch, in room if that is enough.
func (f *finder) archs(room []supernet.Arch, batch []optimize.Genes) []supernet.Arch {
	room = room[:0]
	for _, g := range batch {
		room = append(room, f.Space.Decode(g))
	}
	return room
}
