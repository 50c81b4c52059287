package optimize

import (
	"errors"
	"math"
	mathrand "math/rand" // what eaopt's interfaces ask for
	"slices"

	"github.com/MaxHalford/eaopt"
)

const (
	// climbs are how many climbs from random starts there are at least before children are bred,
	// and optima how many of the local optima that were reached are parents. They differ in
	// distinctGenes or more, or all would soon be of one family.
	climbs, optima, distinctGenes = 15, 12, 5
	// startDraws is how many random candidates a climb begins with the best of, of those that are
	// feasible and use startUse of the most that a constraint allows.
	startDraws, startUse = 200, 0.7
	// maxMutations is how many genes of a child are drawn anew at most.
	maxMutations = 4
	// idleBirths is how many children in a row may add nothing to the population before the run has
	// converged.
	idleBirths = 200
)

// climbGuided is a memetic algorithm (Moscato, "On evolution, search, optimization, genetic
// algorithms and martial arts", 1989) on eaopt: its members are local optima, and so is each child,
// which climbs. An optimum is worth more than anything on the way there, and a child of two is
// nearer to a third one than a random candidate.
func (r *run) climbGuided() error {
	g := &guide{Guide: r.problem.Guide, run: r, rng: r.rand(streamLocal),
		climbed: map[int32]int32{}}
	m := &memetic{guide: g}
	err := m.begin()
	if err == nil && len(m.first) > 0 {
		err = m.evolve()
	}
	if errors.Is(err, errBudget) {
		return r.flush()
	}
	return err
}

// optimum is a member of the population.
type optimum struct {
	guide *guide
	genes Genes
	id    int32 // that it climbed to; of a child, -1
}

// Evaluate gives eaopt the objective; what is bred has climbed before.
func (o *optimum) Evaluate() (float64, error) {
	return o.guide.run.table.valuesAt(o.id)[0], nil
}

// Mutate draws some genes anew.
func (o *optimum) Mutate(rng *mathrand.Rand) {
	for range 1 + rng.Intn(maxMutations) {
		gene := rng.Intn(len(o.genes))
		if gene == o.guide.Apart {
			o.genes[gene] = o.guide.Choices[rng.Intn(len(o.guide.Choices))]
			continue
		}
		o.genes[gene] = uint16(rng.Intn(o.guide.run.problem.Genes[gene]))
	}
}

// Crossover takes each group of genes from o or mate at even chances. Only o changes.
func (o *optimum) Crossover(mate eaopt.Genome, rng *mathrand.Rand) {
	m, ok := mate.(*optimum)
	if !ok {
		return
	}
	for _, group := range o.guide.Groups {
		if rng.Intn(2) == 0 {
			continue
		}
		for _, gene := range group {
			o.genes[gene] = m.genes[gene]
		}
	}
}

// Clone copies o.
func (o *optimum) Clone() eaopt.Genome {
	return &optimum{guide: o.guide, genes: slices.Clone(o.genes), id: o.id}
}

// memetic is the eaopt.Model that bears one child at a time.
type memetic struct {
	*guide
	first []*optimum
	idle  int // children since one was added to the population
}

// begin evaluates the problem's seeds and climbs from random starts and from the best seed.
func (m *memetic) begin() error {
	var seeds []Genes
	for _, s := range m.run.problem.Seeds {
		c := slices.Clone(s)
		if err := m.run.problem.canonical(c); err != nil {
			return err
		}
		if err := m.run.problem.checkCanonical(c); err != nil {
			return err
		}
		seeds = append(seeds, c)
	}
	if len(seeds) > 0 {
		top, err := m.bestOf(seeds)
		if err != nil {
			return err
		}
		if err := m.climbFrom(top); err != nil {
			return err
		}
	}
	for i := range max(climbs, len(m.Choices)) {
		at, err := m.start(m.Choices[i%len(m.Choices)])
		if err != nil {
			return err
		}
		if err := m.climbFrom(at); err != nil {
			return err
		}
	}
	return nil
}

// climbFrom adds the optimum above a candidate, if that is a feasible one.
func (m *memetic) climbFrom(at int32) error {
	if at < 0 || m.run.table.violations[at] > 0 {
		return nil
	}
	top, err := m.ascend(at)
	if err != nil {
		return err
	}
	m.first = append(m.first, m.optimum(top))
	return nil
}

func (m *memetic) optimum(id int32) *optimum {
	return &optimum{guide: m.guide, genes: slices.Clone(m.run.table.at(id)), id: id}
}

// evolve breeds until the evaluations are spent or nothing new is found.
func (m *memetic) evolve() error {
	next := 0
	ga, err := eaopt.GAConfig{
		NPops: 1, PopSize: uint(len(m.first)), HofSize: 1, Model: m,
		EarlyStop:    func(*eaopt.GA) bool { return m.idle >= idleBirths },
		NGenerations: math.MaxInt32,
		// Without RNG eaopt takes a seed from the clock.
		RNG: mathrand.New(mathrand.NewSource(m.rng.Int64())),
	}.NewGA()
	if err != nil {
		return err
	}
	return ga.Minimize(func(*mathrand.Rand) eaopt.Genome {
		next++
		return m.first[next-1]
	})
}

// Validate always succeeds: run has checked the configuration.
func (m *memetic) Validate() error { return nil }

// Apply adds the optimum that a child climbs to, and keeps the best.
func (m *memetic) Apply(pop *eaopt.Population) error {
	if err := m.run.ctx.Err(); err != nil {
		return err
	}
	m.keep(pop, pop.Individuals)
	child, err := m.child(pop)
	if err != nil {
		return err
	}
	m.idle++
	if child < 0 || slices.ContainsFunc(pop.Individuals, func(i eaopt.Individual) bool {
		return i.Genome.(*optimum).id == child
	}) {
		return nil
	}
	m.keep(pop, append(pop.Individuals, eaopt.NewIndividual(m.optimum(child), pop.RNG)))
	if slices.ContainsFunc(pop.Individuals, func(i eaopt.Individual) bool {
		return i.Genome.(*optimum).id == child
	}) {
		m.idle = 0
	}
	return nil
}

// keep makes the best that are apart the population.
func (m *memetic) keep(pop *eaopt.Population, all eaopt.Individuals) {
	id := func(i eaopt.Individual) int32 { return i.Genome.(*optimum).id }
	slices.SortStableFunc(all, func(a, b eaopt.Individual) int {
		return m.run.table.compare(id(a), id(b))
	})
	var kept eaopt.Individuals
	for _, i := range all {
		near := func(other eaopt.Individual) bool {
			return distance(m.run.table.at(id(i)), m.run.table.at(id(other))) < distinctGenes
		}
		if len(kept) < optima && !slices.ContainsFunc(kept, near) {
			kept = append(kept, i)
		}
	}
	pop.Individuals = kept
	for i := range pop.Individuals {
		o := pop.Individuals[i].Genome.(*optimum)
		pop.Individuals[i].Fitness = m.run.table.valuesAt(o.id)[0]
		pop.Individuals[i].Evaluated = true
	}
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

// child is where a crossing of two members climbs to; -1 if it cannot be made feasible.
func (m *memetic) child(pop *eaopt.Population) (int32, error) {
	parent := func() *optimum {
		return pop.Individuals[pop.RNG.Intn(len(pop.Individuals))].Genome.(*optimum)
	}
	a, b := parent(), parent()
	c := &optimum{guide: m.guide, genes: slices.Clone(a.genes), id: -1}
	c.Crossover(b, pop.RNG)
	c.Mutate(pop.RNG)
	if err := m.run.problem.canonical(c.genes); err != nil {
		return -1, err
	}
	genes, ok, err := m.repair(c.genes, false)
	if err != nil || !ok {
		return -1, err
	}
	id, _, err := m.run.propose(genes)
	if err != nil {
		return -1, err
	}
	if err := m.run.flush(); err != nil {
		return -1, err
	}
	return m.ascend(id)
}

// start is where a climb begins: the best of some random candidates of a choice of the gene apart,
// or one that was repaired. It gives -1 if none of that choice is feasible.
func (g *guide) start(choice uint16) (int32, error) {
	var drawn []Genes
	for range startDraws {
		c := make(Genes, len(g.run.problem.Genes))
		for i, n := range g.run.problem.Genes {
			c[i] = uint16(g.rng.IntN(n))
		}
		c[g.Apart] = choice
		if err := g.run.problem.canonical(c); err != nil {
			return -1, err
		}
		drawn = append(drawn, c)
	}
	costs, err := g.costs(drawn)
	if err != nil {
		return -1, err
	}
	var some []Genes
	for i, c := range drawn {
		own := costs[i*g.Constraints:][:g.Constraints]
		if within(own) && (len(own) == 0 || slices.Max(own) >= startUse) {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		c, ok, err := g.repair(drawn[0], true)
		if err != nil || !ok {
			return -1, err
		}
		some = append(some, c)
	}
	return g.bestOf(some)
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
