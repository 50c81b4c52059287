package supernet

import "slices"

// AllBlocks lists every block that some network of the space has at a resolution, once by
// [Block.Key], in the order of the network. Shapes within a stage follow from the resolution and
// the stage alone, so that the list is short.
func (s *Space) AllBlocks(resolution int) []Block {
	network := s.fullAt(resolution)
	seen := map[string]bool{}
	var all []Block
	keep := func(b Block) {
		if !seen[b.Key()] {
			seen[b.Key()] = true
			all = append(all, b)
		}
	}
	for i, full := range network.blocks {
		at := network.places[i]
		if at == outside {
			keep(full)
			continue
		}
		st := &s.Stages[at.stage]
		for _, kernel := range st.Kernel {
			for _, e := range st.expandsAt(at.index) {
				b := builder{space: s, at: full.In}
				b.mbconv(st, at, kernel, e)
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
