package supernet

import "slices"

// ResolutionGene is the index of the resolution among [Space.Genes].
const ResolutionGene = 0

// ElasticStage is a stage with genes: one that is not fixed.
type ElasticStage struct {
	*Stage
	First int // where the genes of its first block are in [Arch.Kernel] and [Arch.Expand]
}

// ElasticStages lists the stages with genes in the order of the network. The depth of the i-th is
// [Arch.Depth] i.
func (s *Space) ElasticStages() []ElasticStage {
	var all []ElasticStage
	for i := range s.Stages {
		if first := s.geneIndex.block[i]; first >= 0 {
			all = append(all, ElasticStage{&s.Stages[i], first})
		}
	}
	return all
}

// ElasticBlocks says of each block of [Space.Blocks] where its genes are in [Arch.Kernel] and
// [Arch.Expand]; -1 if it has none.
func (s *Space) ElasticBlocks(a Arch) []int {
	network := s.build(a)
	genes := slices.Repeat([]int{-1}, len(network.blocks))
	for i, at := range network.places {
		if at != outside && s.geneIndex.block[at.stage] >= 0 {
			genes[i] = s.geneIndex.block[at.stage] + at.index
		}
	}
	return genes
}
