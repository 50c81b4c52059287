package main

import (
	"math/rand/v2"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
	"github.com/tailor-nas/tailor/trainer"
)

// networks are those that a training has trained, which it is tested by. All trainings with one
// kind of sampling are tested by the same ones.
type networks struct {
	bench  *bench
	family choices.Family
	seed   uint64
}

func (b *bench) networks(c trainer.Config) networks {
	return networks{b, choices.Family{Space: b.space, Compound: c.Sampling == trainer.Compound}, 1}
}

// targets are numbers of MACs from the smallest network's to the largest one's, evenly apart.
func (n networks) targets() (all []int64) {
	lowest, highest := n.bench.macs(n.bench.space.Min()), n.bench.macs(n.bench.space.Max())
	for i := range n.bench.points {
		all = append(all, lowest+(highest-lowest)*int64(i)/int64(n.bench.points-1))
	}
	return all
}

// samples are networks to fit a predictor to.
func (n networks) samples() []supernet.Arch {
	if n.family.Compound {
		return n.distinct(n.bench.samples, 100*n.bench.samples)
	}
	return choices.Sample(n.bench.space, n.bench.samples, n.seed)
}

// distinct draws up to so many different networks in so many draws.
func (n networks) distinct(count, draws int) (all []supernet.Arch) {
	r := rand.New(rand.NewPCG(n.seed, 0))
	seen := map[supernet.Arch]bool{}
	for range draws {
		if a := n.family.Random(r); len(all) < count && !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
	}
	return all
}

const (
	nearShare  = 0.05 // how far the MACs of a network may be from what they should be
	nearTries  = 10   // for each network that is wanted
	nearSteps  = 1000 // of a walk to it
	poolDraws  = 10000
	poolWanted = 2000
)

// near gives up to so many random networks of about so many MACs, and one at least. Where few
// networks have as many, as at both ends, there may be less.
func (n networks) near(target int64, count int) (all []supernet.Arch) {
	walk := n.walk
	if n.family.Compound {
		pool := n.distinct(poolWanted, poolDraws)
		walk = func(r *rand.Rand, _ int64) supernet.Arch { return pool[r.IntN(len(pool))] }
		if i := n.closest(pool, target); n.off(pool[i], target) <= nearShare {
			all = append(all, pool[i])
		}
	}
	r := rand.New(rand.NewPCG(n.seed, uint64(target)))
	var nearest []supernet.Arch
	for range nearTries * count {
		a := walk(r, target)
		if n.off(a, target) <= nearShare && len(all) < count && !slices.Contains(all, a) {
			all = append(all, a)
		}
		nearest = append(nearest, a)
		if len(all) == count {
			return all
		}
	}
	if len(all) == 0 {
		all = append(all, nearest[n.closest(nearest, target)])
	}
	return all
}

// walk begins with a random network and changes one gene after the other, each time that it comes
// nearer to the number of MACs, until it is about there.
func (n networks) walk(r *rand.Rand, target int64) supernet.Arch {
	s := n.bench.space
	genes := s.Genes()
	a := s.Random(r)
	off := n.off(a, target)
	for range nearSteps {
		if off <= nearShare/2 {
			break
		}
		g := s.Encode(a)
		at := r.IntN(len(g))
		g[at] = uint16(r.IntN(genes[at]))
		if b := s.Decode(g); n.off(b, target) <= off {
			a, off = b, n.off(b, target)
		}
	}
	return a
}

// off is how far a network is from a number of MACs, as a share of it.
func (n networks) off(a supernet.Arch, target int64) float64 {
	d := float64(n.bench.macs(a)-target) / float64(target)
	return max(d, -d)
}

func (n networks) closest(all []supernet.Arch, target int64) (best int) {
	for i, a := range all {
		if n.off(a, target) < n.off(all[best], target) {
			best = i
		}
	}
	return best
}
