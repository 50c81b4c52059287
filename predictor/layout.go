package predictor

import (
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// layout says where the genes of a space stand in an Arch, so that reading one needs neither
// allocations nor the building of blocks: a search reads some 50,000.
type layout struct {
	resolutions []int
	stages      []stageLayout // elastic ones
	blocks      int           // elastic blocks at full depth
	variants    []int         // by elastic block: in how many ways it can be built
	walk        []stageWalk   // all stages, fixed ones too
}

// stageLayout is the genes of an elastic stage. A variant numbers the ways to build one of its
// blocks: kernel and expand ratio, or depth and kernel where the depth decides the expand ratio.
type stageLayout struct {
	first   int // its first elastic block
	depths  []int
	kernels []int
	expands []float32 // nil where the depth decides
}

// stageWalk is a stage as a list of blocks shows it.
type stageWalk struct {
	elastic int // index of an elastic stage, -1 for a fixed one
	depth   int // of a fixed one
}

// choices is an arch by the numbers of its choices.
type choices struct {
	resolution int
	depth      [supernet.MaxStages]int32
	variant    [supernet.MaxBlocks]int32 // -1 beyond the depth
}

func newLayout(space *supernet.Space) *layout {
	l := &layout{resolutions: space.Resolutions}
	for _, st := range space.Stages {
		if len(st.Depth) == 1 && len(st.Kernel) == 1 && len(st.Expand) <= 1 {
			l.walk = append(l.walk, stageWalk{-1, st.Depth[0]})
			continue
		}
		l.walk = append(l.walk, stageWalk{elastic: len(l.stages)})
		s := stageLayout{first: l.blocks, depths: st.Depth, kernels: st.Kernel}
		perBlock := len(st.Depth) * len(st.Kernel)
		if st.ExpandByDepth == nil {
			for _, e := range st.Expand {
				s.expands = append(s.expands, float32(e))
			}
			perBlock = len(st.Kernel) * len(st.Expand)
		}
		l.stages = append(l.stages, s)
		l.blocks += s.most()
		l.variants = append(l.variants, slices.Repeat([]int{perBlock}, s.most())...)
	}
	return l
}

// variant numbers a block of the d-th depth by its kernel and expand choice, depth or kernel first,
// so that the variants of one depth are a range.
func (s *stageLayout) variant(d, kernel, expand int) int32 {
	if s.expands == nil {
		return int32(d*len(s.kernels) + kernel)
	}
	return int32(kernel*len(s.expands) + expand)
}

// genes is the inverse of variant.
func (s *stageLayout) genes(variant int) (kernel, expand int) {
	if s.expands == nil {
		return variant % len(s.kernels), 0
	}
	return variant / len(s.expands), variant % len(s.expands)
}

// most is the largest depth.
func (s *stageLayout) most() int { return s.depths[len(s.depths)-1] }

// variants is the range of variants that blocks may have at the d-th depth.
func (s *stageLayout) variants(d int) (from, to int32) {
	if s.expands == nil {
		return s.variant(d, 0, 0), s.variant(d+1, 0, 0)
	}
	return 0, s.variant(0, len(s.kernels), 0)
}

// read is the inverse of arch; false for an arch that is not one of the space, in its canonical
// form.
func (l *layout) read(a *supernet.Arch, c *choices) bool {
	if c.resolution = slices.Index(l.resolutions, int(a.Resolution)); c.resolution < 0 {
		return false
	}
	for s := range l.stages {
		if !l.stages[s].read(a, int(a.Depth[s]), c, s) {
			return false
		}
	}
	// What is left over beyond the space's stages and blocks must be zero.
	rest := supernet.Arch{Resolution: a.Resolution}
	copy(rest.Depth[:], a.Depth[:len(l.stages)])
	copy(rest.Kernel[:], a.Kernel[:l.blocks])
	copy(rest.Expand[:], a.Expand[:l.blocks])
	return rest == *a
}

func (s *stageLayout) read(a *supernet.Arch, depth int, c *choices, stage int) bool {
	d := slices.Index(s.depths, depth)
	if d < 0 {
		return false
	}
	c.depth[stage] = int32(d)
	for b := s.first; b < s.first+s.most(); b++ {
		if b >= s.first+depth {
			if a.Kernel[b] != 0 || a.Expand[b] != 0 {
				return false
			}
			c.variant[b] = -1
			continue
		}
		kernel, expand := slices.Index(s.kernels, int(a.Kernel[b])), 0
		if s.expands != nil {
			expand = slices.Index(s.expands, a.Expand[b])
		} else if a.Expand[b] != 0 {
			return false
		}
		if kernel < 0 || expand < 0 {
			return false
		}
		c.variant[b] = s.variant(d, kernel, expand)
	}
	return true
}

// arch has the choices in c; variants beyond the depth do not matter.
func (l *layout) arch(c *choices) supernet.Arch {
	a := supernet.Arch{Resolution: uint16(l.resolutions[c.resolution])}
	for i := range l.stages {
		s := &l.stages[i]
		depth := s.depths[c.depth[i]]
		a.Depth[i] = uint8(depth)
		for b := s.first; b < s.first+depth; b++ {
			kernel, expand := s.genes(int(c.variant[b]))
			a.Kernel[b] = uint8(s.kernels[kernel])
			if s.expands != nil {
				a.Expand[b] = s.expands[expand]
			}
		}
	}
	return a
}

// elastic is by block, in the order of [supernet.Space.Blocks], its number among the elastic ones,
// or -1. It leaves out the head, where no block is elastic.
func (l *layout) elastic(c *choices) []int {
	order := []int{-1} // the stem
	for _, w := range l.walk {
		if w.elastic < 0 {
			order = append(order, slices.Repeat([]int{-1}, w.depth)...)
			continue
		}
		s := &l.stages[w.elastic]
		for j := range s.depths[c.depth[w.elastic]] {
			order = append(order, s.first+j)
		}
	}
	return order
}

// probes are networks of one resolution that together show every variant of every block. Uniform
// choices are enough, since what a block is does not depend on the genes of others, but for the
// depth of its own stage.
func (l *layout) probes(resolution int) []choices {
	depths, kernels, expands := 1, 1, 1
	for _, s := range l.stages {
		kernels, expands = max(kernels, len(s.kernels)), max(expands, len(s.expands))
		if s.expands == nil {
			depths = max(depths, len(s.depths))
		}
	}
	var all []choices
	for d := range depths {
		for k := range kernels {
			for e := range expands {
				all = append(all, l.probe(resolution, d, k, e))
			}
		}
	}
	return all
}

// probe makes the same choice everywhere, or the last where there are fewer. Depth is full unless
// it decides the width.
func (l *layout) probe(resolution, d, k, e int) choices {
	c := choices{resolution: resolution}
	for i := range l.stages {
		s := &l.stages[i]
		last := len(s.depths) - 1
		at := last
		if s.expands == nil {
			at = min(d, last)
		}
		c.depth[i] = int32(at)
		v := s.variant(at, min(k, len(s.kernels)-1), max(min(e, len(s.expands)-1), 0))
		for b := s.first; b < s.first+s.depths[at]; b++ {
			c.variant[b] = v
		}
	}
	return c
}
