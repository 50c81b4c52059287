package optimize

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// bestSingles, bestPairs and bestTriples are how many candidates that take one, two and three
	// neighbours' changes are evaluated at a step of a climb, and bestChains how many that take up
	// to longestChain.
	bestSingles, bestPairs, bestTriples = 4, 24, 24
	bestChains, longestChain            = 6, 16
	// pairsFrom and triplesFrom are how many neighbours pairs and triples are made of at most.
	pairsFrom, triplesFrom = 256, 40
	// repairsFrom is how many neighbours a step of a repair chooses from: all would lead every
	// child to the same place.
	repairsFrom = 24
	// enough is the share of the objective by which one change or a chain must be better for a step
	// to look no further: pairs and triples matter where these are spent.
	enough = 1e-4
	// slack is by how much a sum of costs may be above 1 by rounding.
	slack = 1e-9
)

// ChosenFrom is of how many pairs and triples of changes, whose costs it knows, a run with a
// [Guide] takes each one that it evaluates.
const ChosenFrom = (pairsFrom*(pairsFrom-1)/2 + triplesFrom*(triplesFrom-1)*(triplesFrom-2)/6) /
	(bestPairs + bestTriples)

// guide climbs with the help of the problem's Guide.
type guide struct {
	*Guide
	run *run
	rng *rand.Rand
	// climbed has, of each candidate that a climb went over, the one above which none was found.
	climbed map[int32]int32
}

// change is what makes a neighbour of a base.
type change struct {
	to    Genes    // the neighbour
	genes []uint64 // set of the genes in which it differs
	gain  float64  // by which the objective falls, about
	costs []float64
	price float64 // sum of what costs rise by
	worth float64 // as byWorth has it
}

// set is some changes that are made together.
type set struct {
	gain float64
	of   [3]*change // the last ones may be nil
}

// ascend goes from a feasible candidate to better ones until none is found near.
func (g *guide) ascend(at int32) (int32, error) {
	var path []int32
	for {
		if top, known := g.climbed[at]; known {
			at = top
			break
		}
		path = append(path, at)
		better, err := g.step(at)
		if err != nil {
			return at, err
		}
		if better == at {
			break
		}
		at = better
	}
	for _, id := range path {
		g.climbed[id] = at
	}
	return at, nil
}

// changes are those of a set.
func (s *set) changes() []*change {
	if n := slices.Index(s.of[:], nil); n >= 0 {
		return s.of[:n]
	}
	return s.of[:]
}

// step gives the best candidate near, or the same if none is better. It takes pairs and triples of
// changes only where no single one and no chain is enough (variable neighbourhood descent,
// Mladenovic and Hansen, Computers & Operations Research 1997).
func (g *guide) step(at int32) (int32, error) {
	base := slices.Clone(g.run.table.at(at))
	changes, room, err := g.changes(base)
	if err != nil {
		return at, err
	}
	one := singles(changes, room)
	ids, err := g.evaluate(base, append(eachOf(one), chains(byWorth(changes), room)...))
	if err != nil {
		return at, err
	}
	for i, id := range ids[:len(one)] {
		if id >= 0 { // what was evaluated tells better than an estimate, for what follows
			one[i].of[0].gain = g.run.table.valuesAt(at)[0] - g.run.table.valuesAt(id)[0]
		}
	}
	best := at
	for _, id := range ids {
		if id >= 0 && g.run.table.better(id, best) {
			best = id
		}
	}
	was := g.run.table.valuesAt(at)[0]
	if was-g.run.table.valuesAt(best)[0] > enough*math.Abs(was) {
		return best, nil
	}
	ranked := byWorth(changes)
	more, err := g.evaluate(base, eachOf(append(pairs(ranked, room), triples(ranked, room)...)))
	if err != nil {
		return at, err
	}
	for _, id := range more {
		if id >= 0 && g.run.table.better(id, best) {
			best = id
		}
	}
	return best, nil
}

// changes are those to the neighbours of a base, and room what it leaves of each constraint.
func (g *guide) changes(base Genes) (changes []change, room []float64, err error) {
	near := append(g.Neighbours(base), base)
	n := g.Constraints
	values, costs := make([]float64, len(near)), make([]float64, len(near)*n)
	if err := g.Near(base, near, values, costs); err != nil {
		return nil, nil, err
	}
	near = near[:len(near)-1]
	own := costs[len(near)*n:]
	for _, c := range own {
		room = append(room, 1-c)
	}
	words := (len(base) + 63) / 64
	sets := make([]uint64, len(near)*words)
	changes = make([]change, len(near))
	for i, to := range near {
		c := &changes[i]
		*c = change{to: to, genes: sets[i*words:][:words], gain: values[len(near)] - values[i],
			costs: costs[i*n:][:n]}
		for j := range c.costs {
			c.costs[j] -= own[j]
			c.price += c.costs[j]
		}
		for j, v := range to {
			if v != base[j] {
				c.genes[j/64] |= 1 << (j % 64)
			}
		}
	}
	return changes, room, nil
}

// costs are those of candidates, (batch, Constraints).
func (g *guide) costs(batch []Genes) ([]float64, error) {
	out := make([]float64, len(batch)*g.Constraints)
	if g.Constraints == 0 {
		return out, nil
	}
	return out, g.Costs(batch, out)
}

// fits says whether some changes together are within the room, as far as costs add up.
func (s *set) fits(room []float64) bool {
	for j, r := range room {
		sum := 0.0
		for _, c := range s.of {
			if c != nil {
				sum += c.costs[j]
			}
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
func singles(changes []change, room []float64) []set {
	b := best{most: bestSingles}
	for i := range changes {
		b.offer(set{changes[i].gain, [3]*change{&changes[i]}}, room)
	}
	return b.sets()
}

// pairs are the most promising pairs within the room that promise a gain: one change makes room for
// the other.
func pairs(ranked []*change, room []float64) []set {
	some := ranked[:min(pairsFrom, len(ranked))]
	b := best{most: bestPairs, positive: true}
	for i, x := range some {
		for _, y := range some[i+1:] {
			if gain := x.gain + y.gain; gain > b.floor && x.apart(y) {
				b.offer(set{gain, [3]*change{x, y}}, room)
			}
		}
	}
	return b.sets()
}

// triples are the same with three changes.
func triples(ranked []*change, room []float64) []set {
	some := ranked[:min(triplesFrom, len(ranked))]
	b := best{most: bestTriples, positive: true}
	for i, x := range some {
		for j, y := range some[i+1:] {
			if !x.apart(y) {
				continue
			}
			for _, z := range some[i+j+2:] {
				if gain := x.gain + y.gain + z.gain; gain > b.floor && x.apart(z) && y.apart(z) {
					b.offer(set{gain, [3]*change{x, y, z}}, room)
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

// byWorth orders changes by their worth, most first: the gain less the price of what they cost.
// What the cheapest eighth of the changes that save cost lose by it is the price.
func byWorth(changes []change) []*change {
	var prices []float64
	for i := range changes {
		if c := &changes[i]; c.price < 0 && c.gain < 0 {
			prices = append(prices, c.gain/c.price)
		}
	}
	price := 0.0
	if len(prices) > 0 {
		slices.Sort(prices)
		price = prices[len(prices)/8]
	}
	all := make([]*change, len(changes))
	for i := range changes {
		all[i] = &changes[i]
		all[i].worth = all[i].gain - price*all[i].price
	}
	slices.SortStableFunc(all, func(a, b *change) int { return cmp.Compare(b.worth, a.worth) })
	return all
}

// best keeps the sets of changes of most gain.
type best struct {
	most     int
	positive bool // keep those alone that promise a gain
	floor    float64
	kept     []set
}

// offer adds a set that fits the room.
func (b *best) offer(s set, room []float64) {
	if b.positive && s.gain <= 0 || !s.fits(room) {
		return
	}
	if b.kept = append(b.kept, s); len(b.kept) >= 4*b.most {
		b.cut()
		if b.positive {
			b.floor = b.kept[b.most-1].gain
		}
	}
}

func (b *best) cut() {
	slices.SortStableFunc(b.kept, func(x, y set) int { return cmp.Compare(y.gain, x.gain) })
	b.kept = b.kept[:min(b.most, len(b.kept))]
}

// sets are the best ones, most gain first.
func (b *best) sets() []set {
	b.cut()
	return b.kept
}

// eachOf are the changes of each set.
func eachOf(sets []set) [][]*change {
	all := make([][]*change, len(sets))
	for i := range sets {
		all[i] = sets[i].changes()
	}
	return all
}

// evaluate makes sets of changes of a base and evaluates those that are feasible. It gives their
// numbers, -1 for those that are not.
func (g *guide) evaluate(base Genes, sets [][]*change) ([]int32, error) {
	batch, ids := make([]Genes, len(sets)), make([]int32, len(sets))
	for i, changes := range sets {
		batch[i] = slices.Clone(base)
		for _, c := range changes {
			for j, v := range c.to {
				if v != base[j] {
					batch[i][j] = v
				}
			}
		}
		if err := g.run.problem.canonical(batch[i]); err != nil {
			return nil, err
		}
	}
	costs, err := g.costs(batch)
	if err != nil {
		return nil, err
	}
	for i := range batch {
		ids[i] = -1
		if !within(costs[i*g.Constraints:][:g.Constraints]) {
			continue
		}
		if ids[i], _, err = g.run.propose(batch[i]); err != nil {
			return nil, err
		}
	}
	return ids, g.run.flush()
}

func within(costs []float64) bool {
	return len(costs) == 0 || slices.Max(costs) <= 1
}

// repair brings a candidate within the constraints by changes that lose little for what they save.
// With keepApart it leaves that gene alone. It gives false where no change saves anything more.
func (g *guide) repair(c Genes, keepApart bool) (Genes, bool, error) {
	for {
		own, err := g.costs([]Genes{c})
		if err != nil {
			return nil, false, err
		}
		if within(own) {
			return c, true, nil
		}
		changes, room, err := g.changes(c)
		if err != nil {
			return nil, false, err
		}
		changes = slices.DeleteFunc(changes, func(x change) bool {
			return saves(&x, room) <= 0 || keepApart && x.to[g.Apart] != c[g.Apart]
		})
		if len(changes) == 0 {
			return c, false, nil
		}
		g.rng.Shuffle(len(changes), func(i, j int) {
			changes[i], changes[j] = changes[j], changes[i]
		})
		changes = changes[:min(repairsFrom, len(changes))]
		base := slices.Clone(c)
		for len(changes) > 0 && slices.Min(room) < 0 {
			pick := leastLoss(changes, room)
			for j, v := range pick.to {
				if v != base[j] {
					c[j] = v
				}
			}
			for j := range room {
				room[j] -= pick.costs[j]
			}
			changes = slices.DeleteFunc(changes, func(x change) bool {
				return !x.apart(pick) || saves(&x, room) <= 0
			})
		}
		if err := g.run.problem.canonical(c); err != nil {
			return nil, false, err
		}
	}
}

// leastLoss is a copy of the change that loses least for what it saves. What it saves more than is
// missing is worth no more for that.
func leastLoss(changes []change, room []float64) *change {
	pick := changes[0]
	for _, x := range changes {
		if x.gain/saves(&x, room) > pick.gain/saves(&pick, room) {
			pick = x
		}
	}
	return &pick
}

// saves is by how much a change lowers what is above its limit.
func saves(c *change, room []float64) (sum float64) {
	for j, r := range room {
		if r < 0 {
			sum += min(-c.costs[j], -r)
		}
	}
	return sum
}
