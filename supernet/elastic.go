package supernet

// ResolutionGene is the index of the resolution among [Space.Genes].
const ResolutionGene = 0
