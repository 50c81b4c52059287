package design

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

const (
	// pool is how many candidates there are.
	pool = 1200
	// patience is how many draws in a row may be known already before a space counts as exhausted.
	patience = 2000
	// around is how far the genes of a candidate depart from one size, as shares of their choices.
	around = 0.35
)

// candidates are distinct: the largest and the smallest network of each resolution, then in turn
// one with uniform genes, which crowd at the middle of the latencies, and one whose genes are all
// rather small or all rather large.
func candidates(space *supernet.Space, resolutions []int, seed uint64) []supernet.Arch {
	small := *space
	small.Resolutions = resolutions
	r := rand.New(rand.NewPCG(seed, 0xde5))
	var all []supernet.Arch
	seen := map[supernet.Arch]bool{}
	add := func(a supernet.Arch) {
		if !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
	}
	for _, at := range resolutions {
		for _, a := range []supernet.Arch{small.Max(), small.Min()} {
			a.Resolution = uint16(at)
			add(a)
		}
	}
	genes := small.Genes()
	for misses := 0; len(all) < pool && misses < patience; {
		before := len(all)
		if before%2 == 0 {
			add(small.Random(r))
		} else {
			add(small.Decode(coherent(genes, r)))
		}
		if misses++; len(all) > before {
			misses = 0
		}
	}
	return all
}

// coherent draws genes that are all near one size, from 0 for the smallest choice to 1 for the
// largest; the resolution is any.
func coherent(genes []int, r *rand.Rand) []uint16 {
	size := r.Float64()
	g := make([]uint16, len(genes))
	for i, choices := range genes {
		at := int((size + around*r.NormFloat64()) * float64(choices))
		g[i] = uint16(min(max(at, 0), choices-1))
	}
	g[supernet.ResolutionGene] = uint16(r.IntN(genes[supernet.ResolutionGene]))
	return g
}
