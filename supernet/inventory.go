package supernet

import "slices"

// AllBlocks lists every block that some network of the space has at a resolution, once by
// [Block.Key], in the order of the network. Shapes within a stage follow from the resolution and
// the stage alone, and the widths around it, so that the list is short.
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
	if s.elasticWidths() {
		for _, variants := range s.variants(resolution) {
			for _, b := range variants {
				keep(b)
			}
		}
		return all
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
				b.stageBlock(at, full.Out.C, kernel, e)
				keep(b.blocks[0])
			}
		}
	}
	return all
}

// variants lists what each block of the deepest network may be, where widths are chosen. A block
// depends on two of them at most, which are neighbours, so that two by turns show all.
func (s *Space) variants(resolution int) [][]Block {
	var all [][]Block
	ratios := 1
	for i := range s.geneIndex.parts {
		ratios = max(ratios, len(s.geneIndex.parts[i].Expands))
	}
	for even := range s.Widths {
		for odd := range s.Widths {
			for ratio := range ratios {
				a := s.turns(resolution, [2]int{even, odd}, ratio)
				for i, b := range s.Blocks(a) {
					if i == len(all) {
						all = append(all, nil)
					}
					all[i] = append(all[i], b)
				}
			}
		}
	}
	return all
}

// turns is the deepest network with two widths by turns, and the same expand ratio everywhere.
func (s *Space) turns(resolution int, widths [2]int, ratio int) Arch {
	a := s.Max()
	a.Resolution = uint16(resolution)
	for i := range s.geneIndex.widths {
		a.Width[i] = uint8(widths[i%2])
	}
	for i := range s.geneIndex.parts {
		p := &s.geneIndex.parts[i]
		for j := p.First; p.First >= 0 && j < p.First+p.MaxDepth(); j++ {
			a.Expand[j] = float32(p.Expands[min(ratio, len(p.Expands)-1)])
		}
	}
	return a
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
