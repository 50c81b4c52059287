package supernet

import "slices"

// AllBlocks lists every block that some network of the space has at a resolution, once by [Block.Key], in the order of the
// network. Shapes within a stage follow from the resolution and the stage alone, so that the list is short.
func (s *Space) AllBlocks(resolution int) []Block {
	network := s.fullBlocksAt(resolution)
	seen := map[string]bool{}
	var all []Block
	keep := func(b Block) {
		if !seen[b.Key()] {
			seen[b.Key()] = true
			all = append(all, b)
		}
	}
	for _, full := range network {
		stage, index, ok := stageOf(full.Name)
		if !ok {
			keep(full)
			continue
		}
		st := &s.Stages[stage]
		for _, kernel := range st.Kernel {
			for _, e := range st.expandsAt(index) {
				b := builder{space: s, at: full.In}
				b.mbconv(st, stage, index, kernel, e)
				keep(b.blocks[0])
			}
		}
	}
	return all
}

// expandsAt lists the ratios that the block at an index of the stage may have.
func (s *Stage) expandsAt(index int) []float64 {
	if s.ExpandByDepth == nil {
		return s.Expand
	}
	var all []float64
	for _, d := range s.Depth {
		if e := s.ExpandByDepth[d]; d > index && !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all
}
