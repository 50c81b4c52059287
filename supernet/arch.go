package supernet

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Arch is one choice of every gene of a space: a sub-network. It is canonical: genes of blocks
// beyond the chosen depth are zero, and so are expand genes that the depth decides, so that equal
// networks are equal values. The zero Arch is none.
type Arch struct {
	Resolution uint16             // input side in pixels
	Depth      [MaxStages]uint8   // blocks used, by elastic stage; a stem's own come first
	Width      [MaxWidths]uint8   // indexes of [Space.Widths], of the stem's parts, then by stage
	Kernel     [MaxBlocks]uint8   // kernel side, by elastic block at full depth
	Expand     [MaxBlocks]float32 // expand ratio, likewise
}

// Max has the largest choice of every gene. It is the largest network, unless expand_by_depth gives
// shallow stages more width than deep ones.
func (s *Space) Max() Arch { return s.pick(func(choices int) int { return choices - 1 }) }

// Min has the smallest choice of every gene, likewise.
func (s *Space) Min() Arch { return s.pick(func(int) int { return 0 }) }

// Random draws every gene uniformly from its choices.
func (s *Space) Random(r *rand.Rand) Arch { return s.pick(r.IntN) }

func (s *Space) pick(choose func(choices int) int) Arch {
	genes := s.Genes()
	g := make([]uint16, len(genes))
	for i := range genes {
		g[i] = uint16(choose(genes[i]))
	}
	return s.Decode(g)
}

// Genes is the number of choices of every gene, in the order of [Space.Decode]: the resolution,
// then by part ([Space.Parts]) its depth, its width and, by block at full depth, kernel and expand
// ratio (if the depth does not decide it), where the part has these genes.
func (s *Space) Genes() []int {
	g := []int{len(s.Resolutions)}
	for i := range s.geneIndex.parts {
		p := &s.geneIndex.parts[i]
		if p.DepthGene >= 0 {
			g = append(g, len(p.Depths))
		}
		if p.WidthGene >= 0 {
			g = append(g, p.Widths)
		}
		if p.First < 0 {
			continue
		}
		for range p.MaxDepth() {
			g = append(g, len(p.Kernels))
			if p.Expands != nil {
				g = append(g, len(p.Expands))
			}
		}
	}
	return g
}

// Decode turns the indexes of choices into a canonical arch. It panics if g does not fit
// [Space.Genes].
func (s *Space) Decode(g []uint16) Arch {
	next := func() int { v := int(g[0]); g = g[1:]; return v }
	a := Arch{Resolution: uint16(s.Resolutions[next()])}
	for i := range s.geneIndex.parts {
		p := &s.geneIndex.parts[i]
		depth := p.MaxDepth()
		if p.DepthGene >= 0 {
			depth = p.Depths[next()]
			a.Depth[p.DepthGene] = uint8(depth)
		}
		if p.WidthGene >= 0 {
			a.Width[p.WidthGene] = uint8(next())
		}
		if p.First < 0 {
			continue
		}
		for j := range p.MaxDepth() {
			kernel, expand := p.Kernels[next()], 0.0
			if p.Expands != nil {
				expand = p.Expands[next()]
			}
			if j < depth {
				a.Kernel[p.First+j], a.Expand[p.First+j] = uint8(kernel), float32(expand)
			}
		}
	}
	return a
}

// Encode is the inverse of [Space.Decode]; genes that do not matter are 0. The arch must be one of
// the space.
func (s *Space) Encode(a Arch) []uint16 {
	index := func(i int) uint16 { return uint16(max(i, 0)) }
	g := []uint16{index(slices.Index(s.Resolutions, int(a.Resolution)))}
	for i := range s.geneIndex.parts {
		p := &s.geneIndex.parts[i]
		if p.DepthGene >= 0 {
			g = append(g, index(slices.Index(p.Depths, int(a.Depth[p.DepthGene]))))
		}
		if p.WidthGene >= 0 {
			g = append(g, min(uint16(a.Width[p.WidthGene]), uint16(p.Widths-1)))
		}
		if p.First < 0 {
			continue
		}
		for j := range p.MaxDepth() {
			g = append(g, index(slices.Index(p.Kernels, int(a.Kernel[p.First+j]))))
			if p.Expands != nil {
				g = append(g, index(expandIndex(p.Expands, a.Expand[p.First+j])))
			}
		}
	}
	return g
}

// expandIndex finds a ratio that may have been rounded to float32.
func expandIndex(choices []float64, e float32) int {
	return slices.IndexFunc(choices, func(c float64) bool { return float32(c) == e })
}

// Check says whether the arch is a canonical member of the space, and if not, which gene is wrong.
func (s *Space) Check(a Arch) error {
	if !slices.Contains(s.Resolutions, int(a.Resolution)) {
		return fmt.Errorf("resolution %d is not in space %s (%s)", a.Resolution, s.Name,
			rangeText(s.Resolutions))
	}
	for i := range s.geneIndex.parts {
		if err := s.geneIndex.parts[i].check(&a); err != nil {
			return err
		}
	}
	if s.Decode(s.Encode(a)) != a {
		return fmt.Errorf("arch has values in genes that do not matter in space %s", s.Name)
	}
	return nil
}

func (p *Part) check(a *Arch) error {
	depth := p.MaxDepth()
	if p.DepthGene >= 0 {
		depth = int(a.Depth[p.DepthGene])
		if !slices.Contains(p.Depths, depth) {
			return p.noDepth(p.names.name(depth))
		}
	}
	if p.WidthGene >= 0 && int(a.Width[p.WidthGene]) >= p.Widths {
		return p.noWidth(int(a.Width[p.WidthGene]))
	}
	if p.First < 0 {
		return nil
	}
	for j := range depth {
		if k := int(a.Kernel[p.First+j]); !slices.Contains(p.Kernels, k) {
			return p.noKernel(j, k)
		}
		if e := a.Expand[p.First+j]; p.Expands != nil && expandIndex(p.Expands, e) < 0 {
			return fmt.Errorf("expand ratio %g of elastic block %d is not one of %v", e,
				p.First+j, p.Expands)
		}
	}
	return nil
}

func (p *Part) noDepth(depth int) error {
	return fmt.Errorf("depth %d of elastic stage %d is not one of %v", depth, p.DepthGene,
		p.names.all(p.Depths))
}

func (p *Part) noWidth(width int) error {
	return fmt.Errorf("width %d of w[%d] is not the index of a multiplier, 0 to %d", width,
		p.WidthGene, p.Widths-1)
}

func (p *Part) noKernel(j, kernel int) error {
	return fmt.Errorf("kernel %d of elastic block %d is not one of %v", kernel, p.First+j,
		p.Kernels)
}

// depth is the number of blocks of stage i.
func (s *Space) depth(a Arch, i int) int {
	if d := s.geneIndex.depth[i]; d >= 0 {
		return int(a.Depth[d])
	}
	return s.Stages[i].Depth[0]
}

func (s *Space) kernel(a Arch, i, j int) int {
	if b := s.geneIndex.block[i]; b >= 0 {
		return int(a.Kernel[b+j])
	}
	return s.Stages[i].Kernel[0]
}

func (s *Space) expand(a Arch, i, j int) float64 {
	st, b := &s.Stages[i], s.geneIndex.block[i]
	switch {
	case st.ExpandByDepth != nil:
		return st.ExpandByDepth[s.depth(a, i)]
	case b < 0:
		return st.Expand[0]
	}
	return st.Expand[max(expandIndex(st.Expand, a.Expand[b+j]), 0)]
}

// rangeText shows a sorted list of choices briefly.
func rangeText(v []int) string {
	if len(v) <= 4 {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%d, %d, ..., %d", v[0], v[1], v[len(v)-1])
}
