package optimize

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// repairsFrom is how many neighbours a step of a repair chooses from: all would lead every
	// child to the same place.
	repairsFrom = 24
	// mostRepairs is how many steps a repair may take. Most take one to three; where each change
	// saves something and all together cost more, it would never end.
	mostRepairs = 100
	// enough is the share of the objective by which one change or a chain must be better for a step
	// to look no further: pairs and triples matter where these are spent.
	enough = 1e-4
)

// guide climbs with the help of the problem's Guide.
type guide struct {
	*Guide
	run *run
	rng *rand.Rand
	// climbed has, of each candidate that a climb went over, the one above which none was found.
	climbed map[step]int32
}

// step is a candidate that a climb within a budget went over.
type step struct {
	at     int32
	budget float64
}

// climb goes from a candidate to better ones until none is found near. One that is not within the
// limits is first brought there by changes that lose little for what they save.
type climb struct {
	limits    []float64 // of the costs
	broken    Genes     // what is not within the limits yet; nil if it is
	keepApart bool      // while it is repaired, the gene apart stays
	repairs   int       // steps of it
	bar       float64   // an optimum whose objective is above is of no use
	at        int32     // -1 if it cannot be repaired
	done      bool
	path      []int32

	// Of the step under way, and kept for their room.
	near    Near
	changes []change
	sets    []uint64
	room    []float64
	ranking ranking
	single  []set
	joint   joint
	ids     []int32 // what was proposed last
	best    int32
}

// budget is the limit of the last cost.
func (c *climb) budget() float64 {
	if len(c.limits) == 0 {
		return 0
	}
	return c.limits[len(c.limits)-1]
}

// begin has a climb begin at a candidate. Evaluations of it wait for flush.
func (g *guide) begin(c *climb, from Genes) error {
	own, err := g.costs([]Genes{from})
	if err != nil {
		return err
	}
	if c.at, c.broken = -1, nil; !within(own, c.limits) {
		c.broken = from
		return nil
	}
	c.at, _, err = g.run.propose(from)
	return err
}

// advance takes a step of each climb. All of them ask for what is near together, and evaluate
// together: a predictor computes many for little more than one.
func (g *guide) advance(all []*climb) error {
	if err := g.look(all); err != nil {
		return err
	}
	for _, c := range all {
		if err := g.first(c); err != nil {
			return err
		}
	}
	if err := g.run.flush(); err != nil {
		return err
	}
	for _, c := range all {
		if err := g.second(c); err != nil {
			return err
		}
	}
	if err := g.run.flush(); err != nil {
		return err
	}
	for _, c := range all {
		g.move(c)
	}
	return nil
}

// look finds what is near each climb, but those that come to where another has been.
func (g *guide) look(all []*climb) error {
	var near []*Near
	for _, c := range all {
		base := c.broken
		if base == nil {
			if top, known := g.climbed[step{c.at, c.budget()}]; known {
				c.at, c.done = top, true
				continue
			}
			base = g.run.table.at(c.at)
		}
		c.near.Base = append(c.near.Base[:0], base...)
		near = append(near, &c.near)
	}
	if len(near) == 0 {
		return nil
	}
	if err := g.Near(near); err != nil {
		return err
	}
	for _, c := range all {
		if !c.done {
			c.take(g.Constraints)
		}
	}
	return nil
}

// take makes changes of what is near, and room of what the base leaves of each limit.
func (c *climb) take(costs int) {
	c.room = c.room[:0]
	for j, own := range c.near.Own {
		c.room = append(c.room, c.limits[j]-own)
	}
	words := (len(c.near.Base) + 63) / 64
	n := len(c.near.Changes)
	c.changes = slices.Grow(c.changes[:0], n)[:n]
	c.sets = slices.Grow(c.sets[:0], n*words)[:n*words]
	clear(c.sets)
	for i, to := range c.near.Changes {
		x := &c.changes[i]
		*x = change{Change: to, at: i, genes: c.sets[i*words:][:words], gain: -c.near.Rises[i],
			costs: c.near.Costs[i*costs:][:costs]}
		for _, cost := range x.costs {
			x.price += cost
		}
		for k, gene := range to.Genes {
			if to.To[k] != c.near.Base[gene] {
				x.genes[gene/64] |= 1 << (gene % 64)
			}
		}
	}
}

// first proposes the most promising changes and chains, or repairs what is broken.
func (g *guide) first(c *climb) error {
	c.ids, c.single = c.ids[:0], nil
	if c.done {
		return nil
	}
	if c.broken != nil {
		return g.repair(c)
	}
	c.path = append(c.path, c.at)
	c.best = c.at
	most := bestSingles
	if c.near.Joint != nil {
		most = jointSingles
		c.refine()
	}
	c.single = singles(c.changes, c.room, most)
	long := chains(c.ranking.byWorth(c.changes), c.room)
	if c.near.Joint != nil {
		long = c.closest(long, jointChains)
	}
	return g.propose(c, append(eachOf(c.single), long...))
}

// second proposes pairs and triples of changes, but where a single one or a chain is enough
// (variable neighbourhood descent, Mladenovic and Hansen, Computers & Operations Research 1997).
func (g *guide) second(c *climb) error {
	if c.done || len(c.path) == 0 {
		return nil
	}
	was := g.run.table.valuesAt(c.at)[0]
	for i := range c.single {
		if id := c.ids[i]; id >= 0 { // what was evaluated tells better than an estimate
			x := c.single[i].of[0]
			x.error += was - g.run.table.valuesAt(id)[0] - x.gain
			x.gain = was - g.run.table.valuesAt(id)[0]
		}
	}
	g.choose(c)
	c.ids = c.ids[:0]
	now := g.run.table.valuesAt(c.best)[0]
	if was-now > enough*math.Abs(was) || now > c.bar {
		return nil
	}
	if c.near.Joint != nil {
		ranked := c.ranking.ranked // as few gains are other ones now
		return g.propose(c, c.closest(eachOf(append(pairs(ranked, c.room, jointPairs),
			triples(ranked, c.room, jointTriples)...)), jointSets))
	}
	ranked := c.ranking.byWorth(c.changes)
	return g.propose(c, eachOf(append(pairs(ranked, c.room, bestPairs),
		triples(ranked, c.room, bestTriples)...)))
}

// move goes to the best candidate, or ends the climb where none is better.
func (g *guide) move(c *climb) {
	if !c.done && len(c.path) > 0 {
		g.choose(c)
		c.done = c.best == c.at
		c.at = c.best
	}
	if !c.done {
		return
	}
	for _, id := range c.path {
		g.climbed[step{id, c.budget()}] = c.at
	}
	c.path = nil
}

// choose takes the best of what was proposed.
func (g *guide) choose(c *climb) {
	for _, id := range c.ids {
		if id >= 0 && g.run.table.better(id, c.best) {
			c.best = id
		}
	}
}

// eachOf are the changes of each set.
func eachOf(sets []set) [][]*change {
	all := make([][]*change, len(sets), len(sets)+bestChains)
	for i := range sets {
		all[i] = sets[i].changes()
	}
	return all
}

// propose makes sets of changes of the base, and proposes those that are within the limits. It
// appends their numbers to ids, -1 for those that are not.
func (g *guide) propose(c *climb, sets [][]*change) error {
	width := len(c.near.Base)
	genes, batch := make(Genes, len(sets)*width), make([]Genes, len(sets))
	for i, changes := range sets {
		batch[i] = genes[i*width:][:width:width]
		copy(batch[i], c.near.Base)
		for _, x := range changes {
			x.among(batch[i], c.near.Base)
		}
		if err := g.run.problem.canonical(batch[i]); err != nil {
			return err
		}
	}
	costs, err := g.costs(batch)
	if err != nil {
		return err
	}
	for i := range batch {
		id := int32(-1)
		if within(costs[i*g.Constraints:][:g.Constraints], c.limits) {
			if id, _, err = g.run.propose(batch[i]); err != nil {
				return err
			}
		}
		c.ids = append(c.ids, id)
	}
	return nil
}

// costs are those of candidates, (batch, Constraints).
func (g *guide) costs(batch []Genes) ([]float64, error) {
	out := make([]float64, len(batch)*g.Constraints)
	if g.Constraints == 0 {
		return out, nil
	}
	return out, g.Costs(batch, out)
}

// within says whether no cost is above its limit.
func within(costs, limits []float64) bool {
	for j, cost := range costs {
		if !(cost <= limits[j]) {
			return false
		}
	}
	return true
}

// repair brings a candidate nearer to the limits by changes that lose little for what they save.
// Where no change saves anything more, or after mostRepairs, the climb is done, with nothing.
func (g *guide) repair(c *climb) error {
	if c.repairs++; c.repairs > mostRepairs {
		c.done = true
		return nil
	}
	changes := slices.DeleteFunc(c.changes, func(x change) bool {
		return saves(&x, c.room) <= 0 || c.keepApart && slices.Contains(x.Genes, g.Apart)
	})
	if len(changes) == 0 {
		c.done = true
		return nil
	}
	g.rng.Shuffle(len(changes), func(i, j int) {
		changes[i], changes[j] = changes[j], changes[i]
	})
	changes = changes[:min(repairsFrom, len(changes))]
	for len(changes) > 0 && slices.Min(c.room) < 0 {
		pick := leastLoss(changes, c.room)
		pick.among(c.broken, c.near.Base)
		for j := range c.room {
			c.room[j] -= pick.costs[j]
		}
		changes = slices.DeleteFunc(changes, func(x change) bool {
			return !x.apart(pick) || saves(&x, c.room) <= 0
		})
	}
	if err := g.run.problem.canonical(c.broken); err != nil {
		return err
	}
	return g.begin(c, c.broken)
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
