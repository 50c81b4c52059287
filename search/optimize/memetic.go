package optimize

import (
	"errors"
	"math"
	"slices"
)

const (
	// climbs are how many climbs from random starts there are at least before children are bred,
	// and optima how many of the local optima that were reached are parents. They differ in
	// distinctGenes or more, or all would soon be of one family, but about one gene of
	// distinctShare is enough: in a small space hardly any optima would be parents else.
	climbs, optima, distinctGenes, distinctShare = 15, 12, 8, 5
	// together is how many climbs there are at a time.
	together = 12
	// startDraws is how many random candidates a climb begins with the best of, of those that are
	// feasible and use startUse of the most that a constraint allows.
	startDraws, startUse = 100, 0.7
	// maxMutations is how many genes of a child are drawn anew at most.
	maxMutations = 4
	// idleBirths is how many children in a row may add nothing to the population before the run has
	// converged.
	idleBirths = 200
)

// climbGuided is a memetic algorithm (Moscato, "On evolution, search, optimization, genetic
// algorithms and martial arts", 1989): members of its population are local optima, and so is each
// child, which climbs. An optimum is worth more than anything on the way there, and a child of two
// is nearer to a third one than a random candidate. With two objectives each climb is within a
// limit of its own on the second one.
func (r *run) climbGuided() error {
	m := &memetic{guide: &guide{Guide: r.problem.Guide, run: r, rng: r.rand(streamLocal),
		climbed: map[step]int32{}}, distinct: distinct(r.problem.Genes)}
	err := m.begin()
	if err == nil {
		err = m.evolve()
	}
	if errors.Is(err, errBudget) {
		return r.flush()
	}
	return err
}

// memetic is the state of a run.
type memetic struct {
	*guide
	pool     []optimum // best first
	distinct int       // genes in which those of the pool differ at least
	idle     int       // children since one was added to the pool
}

// distinct is in how many genes parents differ at least, where there is a choice in so many.
func distinct(sizes []int) int {
	choices := 0
	for _, n := range sizes {
		if n > 1 {
			choices++
		}
	}
	return max(1, min(distinctGenes, (choices+distinctShare/2)/distinctShare))
}

// optimum is a local one.
type optimum struct {
	id    int32
	use   float64 // of the last cost, of a front
	above int     // how many of the pool were better and took no more
}

// begin evaluates the problem's seeds and climbs from random starts and from the best seed.
func (m *memetic) begin() error {
	var first []*climb
	seeds, err := m.seeds()
	if err != nil {
		return err
	}
	if len(seeds) > 0 {
		top, err := m.bestOf(seeds)
		if err != nil {
			return err
		}
		if m.run.table.violations[top] == 0 {
			first = append(first, &climb{limits: m.limits(1), bar: math.Inf(1), at: top})
		}
	}
	starts := max(climbs, len(m.Choices))
	if m.front() {
		starts = frontStarts * len(m.Choices)
	}
	for i := range starts {
		c := &climb{limits: m.limits(m.budget()), bar: math.Inf(1), keepApart: true}
		if err := m.start(c, m.Choices[i%len(m.Choices)]); err != nil {
			return err
		}
		first = append(first, c)
	}
	return m.climb(func() (*climb, error) {
		if len(first) == 0 {
			return nil, nil
		}
		c := first[0]
		first = first[1:]
		return c, nil
	})
}

// seeds are the problem's.
func (m *memetic) seeds() (all []Genes, err error) {
	for _, s := range m.run.problem.Seeds {
		c := slices.Clone(s)
		if err := m.run.problem.canonical(c); err != nil {
			return nil, err
		}
		if err := m.run.problem.checkCanonical(c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// evolve breeds until the evaluations are spent or nothing new is found.
func (m *memetic) evolve() error {
	return m.climb(func() (*climb, error) {
		if m.idle >= idleBirths {
			return nil, nil
		}
		return m.child()
	})
}

// climb has the climbs that next gives go on side by side, until it gives none.
func (m *memetic) climb(next func() (*climb, error)) error {
	var running []*climb
	for {
		for len(running) < together {
			c, err := next()
			if err != nil {
				return err
			}
			if c == nil {
				break
			}
			running = append(running, c)
		}
		if len(running) == 0 {
			return nil
		}
		if err := m.run.ctx.Err(); err != nil {
			return err
		}
		if err := m.advance(running); err != nil {
			return err
		}
		for _, c := range running {
			if c.done {
				if err := m.settle(c.at); err != nil {
					return err
				}
			}
		}
		running = slices.DeleteFunc(running, func(c *climb) bool { return c.done })
	}
}

// settle adds an optimum to the pool, if it is among the best that are apart.
func (m *memetic) settle(id int32) error {
	m.idle++
	if id < 0 || m.run.table.violations[id] > 0 {
		return nil
	}
	at, known := slices.BinarySearchFunc(m.pool, id, func(o optimum, id int32) int {
		return m.run.table.compare(o.id, id)
	})
	if known {
		return nil
	}
	if m.front() {
		return m.settleFront(at, id)
	}
	m.pool = slices.Insert(m.pool, at, optimum{id: id})
	m.pool = m.parents(1)
	if slices.ContainsFunc(m.pool, func(o optimum) bool { return o.id == id }) {
		m.idle = 0
	}
	return nil
}

// parents are the best of the pool within a budget that are apart.
func (m *memetic) parents(budget float64) (kept []optimum) {
	for _, o := range m.pool {
		if len(kept) == optima {
			break
		}
		if o.use <= budget && !slices.ContainsFunc(kept, func(other optimum) bool {
			return m.akin(o.id, other.id)
		}) {
			kept = append(kept, o)
		}
	}
	return kept
}

// akin says whether two candidates differ in a few genes only.
func (m *memetic) akin(a, b int32) bool {
	return distance(m.run.table.at(a), m.run.table.at(b)) < m.distinct
}

// distance is in how many genes two candidates differ.
func distance(a, b Genes) (n int) {
	for i, v := range a {
		if v != b[i] {
			n++
		}
	}
	return n
}

// child is a climb from a crossing of two members of the pool; nil if that is empty.
func (m *memetic) child() (*climb, error) {
	budget := m.budget()
	parents := m.parents(budget)
	c := &climb{limits: m.limits(budget), bar: m.bar(parents)}
	if len(parents) == 0 {
		parents = m.pool
	}
	if len(parents) == 0 {
		return nil, nil
	}
	var genes Genes
	if m.front() {
		genes = m.frontChild(budget, parents)
	} else {
		genes = m.cross(parents, parents)
	}
	if err := m.run.problem.canonical(genes); err != nil {
		return nil, err
	}
	return c, m.guide.begin(c, genes)
}

// one is a member at random.
func (m *memetic) one(of []optimum) Genes {
	return m.run.table.at(of[m.rng.IntN(len(of))].id)
}

// cross takes each group of genes from a parent or a mate at even chances, and draws some genes
// anew.
func (m *memetic) cross(parents, mates []optimum) Genes {
	g, mate := slices.Clone(m.one(parents)), m.one(mates)
	for _, group := range m.Groups {
		if m.rng.IntN(2) == 0 {
			continue
		}
		for _, gene := range group {
			g[gene] = mate[gene]
		}
	}
	m.mutate(g)
	return g
}

// bar is the objective above which a child is not looked at more closely: as far behind the last of
// the parents as that is behind the first.
func (m *memetic) bar(parents []optimum) float64 {
	if len(parents) < optima {
		return math.Inf(1)
	}
	best := m.run.table.valuesAt(parents[0].id)[0]
	last := m.run.table.valuesAt(parents[len(parents)-1].id)[0]
	return last + (last - best)
}

// mutate draws some genes anew.
func (m *memetic) mutate(g Genes) {
	for range 1 + m.rng.IntN(maxMutations) {
		gene := m.rng.IntN(len(g))
		if gene == m.Apart {
			g[gene] = m.Choices[m.rng.IntN(len(m.Choices))]
			continue
		}
		g[gene] = uint16(m.rng.IntN(m.run.problem.Genes[gene]))
	}
}

// start is where a climb begins: the best of some random candidates of a choice of the gene apart,
// or one that is to be repaired.
func (m *memetic) start(c *climb, choice uint16) error {
	var drawn []Genes
	for range startDraws {
		g := make(Genes, len(m.run.problem.Genes))
		for i, n := range m.run.problem.Genes {
			g[i] = uint16(m.rng.IntN(n))
		}
		g[m.Apart] = choice
		if err := m.run.problem.canonical(g); err != nil {
			return err
		}
		drawn = append(drawn, g)
	}
	costs, err := m.costs(drawn)
	if err != nil {
		return err
	}
	var some []Genes
	for i, g := range drawn {
		own := costs[i*m.Constraints:][:m.Constraints]
		if within(own, c.limits) && uses(own, c.limits) {
			some = append(some, g)
		}
	}
	if len(some) == 0 {
		return m.guide.begin(c, drawn[0])
	}
	c.at, err = m.bestOf(some)
	return err
}

// uses says whether a candidate uses much of what a limit allows.
func uses(costs, limits []float64) bool {
	for j, cost := range costs {
		if cost >= startUse*limits[j] {
			return true
		}
	}
	return len(costs) == 0
}

// bestOf evaluates candidates and gives the best.
func (g *guide) bestOf(some []Genes) (int32, error) {
	ids := make([]int32, len(some))
	for i, c := range some {
		var err error
		if ids[i], _, err = g.run.propose(c); err != nil {
			return -1, err
		}
	}
	if err := g.run.flush(); err != nil {
		return -1, err
	}
	top := ids[0]
	for _, id := range ids {
		if g.run.table.better(id, top) {
			top = id
		}
	}
	return top, nil
}
