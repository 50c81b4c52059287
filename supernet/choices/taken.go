package choices

import (
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Taken is the choices that an arch takes, by their numbers.
type Taken struct {
	Resolution int // index of the space's
	numbers    [supernet.MaxStages + supernet.MaxBlocks]int32
	length     int
}

// Numbers are those of the depth of each elastic stage, then of the variant of each elastic block
// up to the depth.
func (t *Taken) Numbers() []int32 { return t.numbers[:t.length] }

// variants are the numbers of the blocks.
func (t *Taken) variants(n *Numbering) []int32 { return t.numbers[len(n.Stages):t.length] }

// none has room for the depths, and no block yet.
func (n *Numbering) none(resolution int) Taken {
	return Taken{Resolution: resolution, length: len(n.Stages)}
}

// depth takes the depth of a stage.
func (t *Taken) depth(stage, number int) { t.numbers[stage] = int32(number) }

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
	t.length = len(n.Stages)
	blocks := 0
	for i := range n.Stages {
		if !n.Stages[i].read(a, i, t) {
			return false
		}
		blocks += n.Stages[i].Blocks()
	}
	// What is left over beyond the space's stages and blocks must be zero.
	rest := supernet.Arch{Resolution: a.Resolution}
	copy(rest.Depth[:], a.Depth[:len(n.Stages)])
	copy(rest.Kernel[:], a.Kernel[:blocks])
	copy(rest.Expand[:], a.Expand[:blocks])
	return rest == *a
}

// read takes the choices of the stage, the i-th.
func (s *Stage) read(a *supernet.Arch, i int, t *Taken) bool {
	depth := int(a.Depth[i])
	d := slices.Index(s.Depths, depth)
	if d < 0 {
		return false
	}
	t.depth(i, s.Depth(d))
	kernels, expands := a.Kernel[s.First:][:s.Blocks()], a.Expand[s.First:][:s.Blocks()]
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
		t.block(s.Variant(j, s.built(d, kernel, expand)))
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
		a.Depth[i] = uint8(depth)
		for j := range depth {
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
