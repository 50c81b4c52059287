package optimize

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

const (
	// bestSingles, bestPairs and bestTriples are how many candidates that take one, two and three
	// neighbours' changes are evaluated at a step of a climb, and bestChains how many that take up
	// to longestChain.
	bestSingles, bestPairs, bestTriples = 4, 14, 14
	bestChains, longestChain            = 6, 16
	// pairsFrom and triplesFrom are how many neighbours pairs and triples are made of at most.
	pairsFrom, triplesFrom = 256, 40
	// slack is by how much a sum of costs may be above its limit by rounding.
	slack = 1e-9
)

// ChosenFrom is of how many pairs and triples of changes, whose costs it knows, a run with a
// [Guide] takes each one that it evaluates. Where that knows Near.Joint it is twice as many, of a
// third of the evaluations.
const ChosenFrom = (pairsFrom*(pairsFrom-1)/2 + triplesFrom*(triplesFrom-1)*(triplesFrom-2)/6) /
	(bestPairs + bestTriples)

// change is what makes a neighbour of a base.
type change struct {
	Change
	genes []uint64 // set of the genes in which the neighbour differs
	at    int      // its place
	gain  float64  // by which the objective falls, about
	error float64  // by how much gain is above what Near.Joint says
	costs []float64
	price float64 // sum of what costs rise by
	worth float64 // as byWorth has it
}

// among makes the change beside others of the same base: two may set one of the genes, if one of
// them leaves it as it is, such as those of kernel and expand ratio of a block.
func (c *change) among(g, base Genes) {
	for i, gene := range c.Genes {
		if c.To[i] != base[gene] {
			g[gene] = c.To[i]
		}
	}
}

// set is some changes that are made together.
type set struct {
	gain float64
	at   int        // among those that were offered
	of   [3]*change // the last ones may be nil
}

// changes are those of a set.
func (s *set) changes() []*change {
	if n := slices.Index(s.of[:], nil); n >= 0 {
		return s.of[:n]
	}
	return s.of[:]
}

// fits says whether some changes together are within the room, as far as costs add up.
func fits(room []float64, of ...*change) bool {
	for j, r := range room {
		sum := 0.0
		for _, c := range of {
			sum += c.costs[j]
		}
		if sum > r+slack {
			return false
		}
	}
	return true
}

// apart says whether two changes are of different genes.
func (c *change) apart(other *change) bool {
	for i, w := range c.genes {
		if w&other.genes[i] != 0 {
			return false
		}
	}
	return true
}

// singles are the most promising changes within the room.
func singles(changes []change, room []float64, most int) []set {
	b := best{most: most}
	for i := range changes {
		if c := &changes[i]; b.takes(c.gain) && fits(room, c) {
			b.add(c.gain, c, nil, nil)
		}
	}
	return b.sets()
}

// pairs are the most promising pairs within the room that promise a gain: one change makes room for
// the other.
func pairs(ranked []*change, room []float64, most int) []set {
	some := ranked[:min(pairsFrom, len(ranked))]
	b := best{most: most, positive: true}
	for i, x := range some {
		for _, y := range some[i+1:] {
			if gain := x.gain + y.gain; b.takes(gain) && x.apart(y) && fits(room, x, y) {
				b.add(gain, x, y, nil)
			}
		}
	}
	return b.sets()
}

// triples are the same with three changes.
func triples(ranked []*change, room []float64, most int) []set {
	some := ranked[:min(triplesFrom, len(ranked))]
	b := best{most: most, positive: true}
	for i, x := range some {
		for j, y := range some[i+1:] {
			if !x.apart(y) {
				continue
			}
			for _, z := range some[i+j+2:] {
				gain := x.gain + y.gain + z.gain
				if b.takes(gain) && x.apart(z) && y.apart(z) && fits(room, x, y, z) {
					b.add(gain, x, y, z)
				}
			}
		}
	}
	return b.sets()
}

// chains are sets of changes that grow by one change at a time: by what is worth most and, while
// they are over the room, by what is worth most of what saves. Those are kept that fit and promise
// a gain. Far from an optimum, many changes are made in one step so, at the cost of one gradient.
func chains(ranked []*change, room []float64) (all [][]*change) {
	left := slices.Clone(room)
	var chain []*change
	gain := 0.0
	for len(all) < bestChains && len(chain) < longestChain {
		next := link(ranked, chain, left)
		if next == nil {
			break
		}
		chain = append(chain, next)
		gain += next.gain
		for j := range left {
			left[j] -= next.costs[j]
		}
		if len(chain) > 1 && gain > 0 && !over(left) {
			all = append(all, slices.Clone(chain))
		}
	}
	return all
}

// link is the change that a chain grows by; nil if there is none.
func link(ranked, chain []*change, left []float64) *change {
	save := over(left)
	for _, c := range ranked {
		if !save && c.worth <= 0 {
			return nil
		}
		if save && c.price >= 0 || slices.ContainsFunc(chain, func(other *change) bool {
			return !c.apart(other)
		}) {
			continue
		}
		return c
	}
	return nil
}

// over says whether less than nothing is left of a constraint.
func over(left []float64) bool {
	return slices.ContainsFunc(left, func(r float64) bool { return r < -slack })
}

// ranking puts changes in order; it is kept for its room.
type ranking struct {
	prices []float64
	keys   []uint64
	ranked []*change
}

// byWorth orders changes by their worth, most first: the gain less the price of what they cost. Of
// those of equal worth, but for some last digits, the first one comes first.
// What the cheapest eighth of the changes that save cost lose by it is the price.
func (r *ranking) byWorth(changes []change) []*change {
	r.prices, r.keys, r.ranked = r.prices[:0], r.keys[:0], r.ranked[:0]
	for i := range changes {
		if c := &changes[i]; c.price < 0 && c.gain < 0 {
			r.prices = append(r.prices, c.gain/c.price)
		}
	}
	price := 0.0
	if len(r.prices) > 0 {
		slices.Sort(r.prices)
		price = r.prices[len(r.prices)/8]
	}
	places := bits.Len(uint(len(changes)))
	for i := range changes {
		c := &changes[i]
		c.worth = c.gain - price*c.price
		r.keys = append(r.keys, falling(c.worth)>>places<<places|uint64(i))
	}
	slices.Sort(r.keys)
	for _, key := range r.keys {
		r.ranked = append(r.ranked, &changes[key&(1<<places-1)])
	}
	return r.ranked
}

// falling is a number that is the smaller the larger v is. Its last bits have the last ones of v,
// and may have something else: to sort numbers takes half as long as to sort structs.
func falling(v float64) uint64 {
	b := math.Float64bits(v)
	if b>>63 == 0 {
		return ^b &^ (1 << 63)
	}
	return b
}

// best keeps the sets of changes of most gain; of equals, those that came first.
type best struct {
	most     int
	positive bool // keep those alone that promise a gain
	floor    float64
	full     bool // floor is the least gain of most sets
	kept     []set
	added    int
}

// takes says whether a set of this gain may be among the best.
func (b *best) takes(gain float64) bool {
	return (!b.positive || gain > 0) && (!b.full || gain > b.floor)
}

// add adds a set that fits the room.
func (b *best) add(gain float64, of ...*change) {
	s := set{gain: gain, at: b.added}
	copy(s.of[:], of)
	b.added++
	if b.kept = append(b.kept, s); len(b.kept) >= 4*b.most {
		b.cut()
		b.floor, b.full = b.kept[b.most-1].gain, true
	}
}

func (b *best) cut() {
	slices.SortFunc(b.kept, func(x, y set) int {
		return cmp.Or(cmp.Compare(y.gain, x.gain), x.at-y.at)
	})
	b.kept = b.kept[:min(b.most, len(b.kept))]
}

// sets are the best ones, most gain first.
func (b *best) sets() []set {
	b.cut()
	return b.kept
}
