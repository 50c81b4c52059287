package choices

import (
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Taken is the choices that an arch takes, by their numbers.
type Taken struct {
	Resolution int // index of the space's
	numbers    [maxNumbers]int32
	length     int
}

// maxNumbers is the most choices that an arch takes: depths and widths of the parts, blocks with
// genes of their own, and those of a stem and a head.
const maxNumbers = supernet.MaxStages + 2*supernet.MaxWidths + supernet.MaxBlocks + 32

// Numbers are those of the depth of each part, then of the widths, then of the variant of each
// block up to the depth.
func (t *Taken) Numbers() []int32 { return t.numbers[:t.length] }

// variants are the numbers of the blocks.
func (t *Taken) variants(n *Numbering) []int32 { return t.numbers[n.forms():t.length] }

// forms is how many numbers there are of depths and widths.
func (n *Numbering) forms() int { return len(n.Stages) + n.widths }

// none has room for depths and widths, and no block yet.
func (n *Numbering) none(resolution int) Taken {
	return Taken{Resolution: resolution, length: n.forms()}
}

// form takes depth and width of a stage.
func (t *Taken) form(n *Numbering, stage int, f form) {
	s := &n.Stages[stage]
	t.numbers[stage] = int32(s.Depth(f.depth))
	if s.WidthGene >= 0 {
		t.numbers[len(n.Stages)+s.WidthGene] = int32(s.Width(f.width))
	}
}

// block takes the variant of the next block.
func (t *Taken) block(number int) {
	t.numbers[t.length] = int32(number)
	t.length++
}

// Read is the inverse of Arch; false for an arch that is not one of the space, in its canonical
// form.
func (n *Numbering) Read(a *supernet.Arch, t *Taken) bool {
	if t.Resolution = n.resolution(int(a.Resolution)); t.Resolution < 0 {
		return false
	}
	t.length = n.forms()
	depths, before := 0, 0
	for i := range n.Stages {
		s := &n.Stages[i]
		f, ok := s.form(a, before)
		if !ok || !s.read(a, f, t) {
			return false
		}
		t.form(n, i, f)
		if before = f.width; s.DepthGene >= 0 {
			depths++
		}
	}
	// What is left over beyond the space's genes must be zero.
	return zero(a.Depth[depths:]) && zero(a.Width[n.widths:]) && zero(a.Kernel[n.blocks:]) &&
		zero(a.Expand[n.blocks:])
}

// ReadGenes is Read of the arch that has these genes, for less: they are numbers of choices
// already. They must fit [supernet.Space.Genes].
func (n *Numbering) ReadGenes(g []uint16, t *Taken) {
	t.Resolution, t.length = int(g[0]), n.forms()
	g = g[1:]
	before := 0
	for i := range n.Stages {
		s := &n.Stages[i]
		f := form{before: before}
		if s.DepthGene >= 0 {
			f.depth, g = int(g[0]), g[1:]
		}
		if s.WidthGene >= 0 {
			f.width, g = int(g[0]), g[1:]
		}
		g = s.readGenes(g, f, t)
		t.form(n, i, f)
		before = f.width
	}
}

// readGenes takes the variants of the stage's blocks, and gives the genes behind them.
func (s *Stage) readGenes(g []uint16, f form, t *Taken) []uint16 {
	depth := s.Depths[f.depth]
	if s.First < 0 {
		for j := range depth {
			t.block(s.number(f, j, 0, 0))
		}
		return g
	}
	first, next := s.start(f, 0), s.start(f, 1)
	each := 1
	if s.Expands != nil {
		each = 2
	}
	for j := range depth {
		expand := 0
		if s.Expands != nil {
			expand = int(g[2*j+1])
		}
		t.block(first + s.built(f.depth, int(g[each*j]), expand))
		first = next + j*s.Variants(1)
	}
	return g[each*s.Blocks():]
}

func zero[T uint8 | float32](all []T) bool {
	for _, v := range all {
		if v != 0 {
			return false
		}
	}
	return true
}

// form reads depth and width; false if the stage has no such.
func (s *Stage) form(a *supernet.Arch, before int) (f form, ok bool) {
	f.before = before
	if s.DepthGene >= 0 {
		f.depth = slices.Index(s.Depths, int(a.Depth[s.DepthGene]))
	}
	if s.WidthGene >= 0 {
		f.width = int(a.Width[s.WidthGene])
	}
	return f, f.depth >= 0 && f.width < s.Widths
}

// read takes the variants of the stage's blocks.
func (s *Stage) read(a *supernet.Arch, f form, t *Taken) bool {
	depth := s.Depths[f.depth]
	if s.First < 0 {
		for j := range depth {
			t.block(s.number(f, j, 0, 0))
		}
		return true
	}
	kernels, expands := a.Kernel[s.First:][:s.Blocks()], a.Expand[s.First:][:s.Blocks()]
	first, next := s.start(f, 0), s.start(f, 1)
	for j, k := range kernels {
		if j >= depth {
			if k != 0 || expands[j] != 0 {
				return false
			}
			continue
		}
		kernel, expand := slices.Index(s.Kernels, int(k)), 0
		if s.Expands != nil {
			expand = slices.Index(s.Expands, expands[j])
		} else if expands[j] != 0 {
			return false
		}
		if kernel < 0 || expand < 0 {
			return false
		}
		t.block(first + s.built(f.depth, kernel, expand))
		first = next + j*s.Variants(1)
	}
	return true
}

// Arch takes the choices.
func (n *Numbering) Arch(t *Taken) supernet.Arch {
	a := supernet.Arch{Resolution: uint16(n.Resolutions[t.Resolution])}
	blocks := t.variants(n)
	for i := range n.Stages {
		s := &n.Stages[i]
		depth := s.Depths[int(t.numbers[i])-s.depth]
		if s.DepthGene >= 0 {
			a.Depth[s.DepthGene] = uint8(depth)
		}
		if s.WidthGene >= 0 {
			a.Width[s.WidthGene] = uint8(int(t.numbers[len(n.Stages)+s.WidthGene]) - s.width)
		}
		for j := 0; s.First >= 0 && j < depth; j++ {
			kernel, expand := s.Genes(int(blocks[j]) - s.Variant(j, 0))
			a.Kernel[s.First+j] = uint8(s.Kernels[kernel])
			if s.Expands != nil {
				a.Expand[s.First+j] = s.Expands[expand]
			}
		}
		blocks = blocks[depth:]
	}
	return a
}
