package choices

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

// Family is a part of the networks of a space, such as those that a phase of a training has: of
// each gene it has so many of the largest choices; 0 is all. Resolutions are always all.
type Family struct {
	Space   *supernet.Space
	Kernels int
	Depths  int
	Expands int // of the widths of parts, too
	// Compound couples depth and width (CompOFA, Sahni et al., ICLR 2021, section 3.2): a deep
	// stage is a wide one, and all of its blocks have one expand ratio.
	Compound bool
}

// Random draws a network: each gene uniformly or, of a compound family, a level for each stage. Of
// the family of all networks it is [supernet.Space.Random].
func (f Family) Random(r *rand.Rand) supernet.Arch { return f.pick(r.IntN) }

// Smallest has the smallest of the family's choices of each gene.
func (f Family) Smallest() supernet.Arch { return f.pick(func(int) int { return 0 }) }

// Genes is how many choices the family has of every gene, in the order of [supernet.Space.Genes].
func (f Family) Genes() (counts []int) {
	f.Compound = false
	f.pick(func(choices int) int {
		counts = append(counts, choices)
		return 0
	})
	return counts
}

func (f Family) pick(choose picker) supernet.Arch {
	same := pickers{choose, choose, choose, choose}
	return f.decode(choose(len(f.Space.Resolutions)), func(p *supernet.Part) pickers {
		if f.Compound {
			return f.compound(p, choose)
		}
		return same
	})
}

// Widths lists networks in which every block of the family occurs in each of its widths.
func (f Family) Widths() (all []supernet.Arch) {
	depths, widths, expands := 1, 1, 1
	for _, p := range f.Space.Parts() {
		depths, widths = max(depths, len(p.Depths)), max(widths, p.Widths)
		expands = max(expands, len(p.Expands))
	}
	for i := range depths * widths * expands {
		pick := pickers{fromTop(i % depths), fromTop(i / depths % widths), fromTop(0),
			fromTop(i / depths / widths)}
		all = append(all, f.decode(len(f.Space.Resolutions)-1,
			func(*supernet.Part) pickers { return pick }))
	}
	return all
}

// picker gives the index of one of so many choices.
type picker func(choices int) int

// pickers are those of each kind of gene.
type pickers struct{ depth, width, kernel, expand picker }

// fromTop gives the largest choice but so many, and else the smallest.
func fromTop(below int) picker {
	return func(choices int) int { return max(0, choices-1-below) }
}

// decode makes a network of what is picked for each part.
func (f Family) decode(resolution int, of func(*supernet.Part) pickers) supernet.Arch {
	g := []uint16{uint16(resolution)}
	parts := f.Space.Parts()
	for i := range parts {
		g = f.part(g, &parts[i], of(&parts[i]))
	}
	return f.Space.Decode(g)
}

// part adds the genes of a part, in the order of [supernet.Space.Genes].
func (f Family) part(g []uint16, p *supernet.Part, pick pickers) []uint16 {
	take := func(pick picker, choices, most int) {
		n := among(choices, most)
		g = append(g, uint16(choices-n+pick(n)))
	}
	if p.DepthGene >= 0 {
		take(pick.depth, len(p.Depths), f.Depths)
	}
	if p.WidthGene >= 0 {
		take(pick.width, p.Widths, f.Expands)
	}
	if p.First < 0 {
		return g
	}
	for range p.MaxDepth() {
		take(pick.kernel, len(p.Kernels), f.Kernels)
		if p.Expands != nil {
			take(pick.expand, len(p.Expands), f.Expands)
		}
	}
	return g
}

// compound picks a level for a part, which decides its depth and the ratio of its blocks: of as
// many levels as there are of the one that has more, each of the other at the nearest.
func (f Family) compound(p *supernet.Part, choose picker) pickers {
	levels := max(among(len(p.Depths), f.Depths), among(len(p.Expands), f.Expands))
	level := choose(levels)
	at := func(choices int) int {
		if levels == 1 {
			return 0
		}
		return (2*level*(choices-1) + levels - 1) / (2 * (levels - 1))
	}
	return pickers{at, choose, choose, at}
}

// among is how many choices there are where so many of the largest count; 0 is all.
func among(choices, most int) int {
	if most == 0 {
		return choices
	}
	return min(choices, most)
}
