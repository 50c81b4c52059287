package choices

import (
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

const (
	// candidates is how many archs a target in MACs has to choose from, patience how many in a row
	// may be known already before a space counts as exhausted.
	candidates = 16
	patience   = 2000
	// geneDeviation is the standard deviation of a gene's choice from the size that its arch was
	// drawn for; both are shares, 0 for the smallest choice and 1 for the largest.
	geneDeviation = 0.35
)

// Sample draws up to n distinct archs of a space to measure: the largest, the smallest, then in
// turn one with uniform genes and one near a target in MACs. Uniform genes alone crowd at the
// middle of the MAC range, since costs are sums; a search asks about its ends. The targets cover
// the logarithmic range of each resolution evenly, whatever n is (a van der Corput sequence). A
// smaller n gives the beginning of what a larger one gives. Fewer come back only if the space has
// no more.
func Sample(space *supernet.Space, n int, seed uint64) []supernet.Arch {
	s := sampler{
		space: space, genes: space.Genes(), rnd: rand.New(rand.NewPCG(seed, 0x5a3)),
		seen: map[supernet.Arch]bool{},
	}
	s.add(space.Max())
	s.add(space.Min())
	for misses := 0; len(s.archs) < n && misses < patience; {
		known := len(s.archs)
		if known%2 == 0 {
			s.add(space.Random(s.rnd))
		} else {
			s.add(s.near(len(s.archs) / 2))
		}
		if misses++; len(s.archs) > known {
			misses = 0
		}
	}
	return s.archs[:min(max(n, 0), len(s.archs))]
}

type sampler struct {
	space *supernet.Space
	genes []int
	rnd   *rand.Rand
	archs []supernet.Arch
	seen  map[supernet.Arch]bool
}

func (s *sampler) add(a supernet.Arch) {
	if !s.seen[a] {
		s.seen[a] = true
		s.archs = append(s.archs, a)
	}
}

// near gives the arch, of some, whose MACs are nearest to the i-th target.
func (s *sampler) near(i int) supernet.Arch {
	resolutions := len(s.space.Resolutions)
	resolution := uint16(i % resolutions)
	low, high := s.extreme(s.space.Min(), resolution), s.extreme(s.space.Max(), resolution)
	target := low + vanDerCorput(i/resolutions)*(high-low)
	var best supernet.Arch
	distance := math.Inf(1)
	for range candidates {
		a := s.coherent(resolution)
		if d := math.Abs(s.cost(a) - target); d < distance && !s.seen[a] {
			best, distance = a, d
		}
	}
	if math.IsInf(distance, 1) {
		return s.space.Random(s.rnd)
	}
	return best
}

// coherent draws an arch whose genes are all rather small or all rather large.
func (s *sampler) coherent(resolution uint16) supernet.Arch {
	size := s.rnd.Float64() // 0 for all smallest choices, 1 for all largest
	g := make([]uint16, len(s.genes))
	for j, choices := range s.genes {
		at := math.Floor((size + geneDeviation*s.rnd.NormFloat64()) * float64(choices))
		g[j] = uint16(min(max(at, 0), float64(choices-1)))
	}
	g[supernet.ResolutionGene] = resolution
	return s.space.Decode(g)
}

// extreme is the cost of an arch at another resolution.
func (s *sampler) extreme(a supernet.Arch, resolution uint16) float64 {
	g := s.space.Encode(a)
	g[supernet.ResolutionGene] = resolution
	return s.cost(s.space.Decode(g))
}

func (s *sampler) cost(a supernet.Arch) float64 {
	return math.Log(float64(supernet.MACs(s.space.Blocks(a))))
}

// vanDerCorput is the i-th value of the sequence 1/2, 1/4, 3/4, 1/8, ...: i+1 in binary, mirrored
// at the point (van der Corput, 1935).
func vanDerCorput(i int) float64 {
	v, place := 0.0, 0.5
	for i++; i > 0; i >>= 1 {
		v += place * float64(i&1)
		place /= 2
	}
	return v
}
