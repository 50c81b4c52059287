package optimize

import (
	"errors"
	"math"
	mathrand "math/rand" // what eaopt's interfaces ask for

	"github.com/MaxHalford/eaopt"
)

// triesPerChild bounds how often a generation breeds anew, on average for a child, because the
// population had the child before.
const triesPerChild = 16

// genome is a member of a population. It keeps the genes as bred beside the canonical candidate
// they stand for: a gene that does not matter now still carries a choice, which matters again when
// a child makes use of the gene.
type genome struct {
	run *run
	raw Genes
	id  int32
}

// Evaluate gives eaopt a first order, before nsga2 ranks. The candidate has been evaluated in a
// batch already.
func (g *genome) Evaluate() (float64, error) {
	if g.run.table.violations[g.id] > 0 {
		return math.MaxFloat64, nil
	}
	return g.run.table.valuesAt(g.id)[0], nil
}

// Mutate gives some genes another choice.
func (g *genome) Mutate(rng *mathrand.Rand) {
	for i, choices := range g.run.problem.Genes {
		if choices > 1 && rng.Float64() < g.run.config.MutationRate {
			g.raw[i] = other(g.raw[i], uint16(rng.Intn(choices-1)))
		}
	}
}

// other numbers the choices that are not v from 0.
func other(v, n uint16) uint16 {
	if n >= v {
		return n + 1
	}
	return n
}

// Crossover takes each gene from g or mate at even chances. Only g changes: eaopt would not notice
// a change of mate.
func (g *genome) Crossover(mate eaopt.Genome, rng *mathrand.Rand) {
	m, ok := mate.(*genome)
	if !ok {
		return
	}
	var coins uint64
	for i := range g.raw {
		if i%64 == 0 {
			coins = rng.Uint64()
		}
		if coins&1 == 1 {
			g.raw[i] = m.raw[i]
		}
		coins >>= 1
	}
}

// Clone copies g.
func (g *genome) Clone() eaopt.Genome {
	return &genome{run: g.run, raw: append(Genes(nil), g.raw...), id: g.id}
}

// nsga2 is the eaopt.Model of NSGA-II with Deb's constraint rules; with one objective that is an
// elitist (mu+lambda) strategy. A candidate enters a population once at most, so its members are
// distinct.
type nsga2 struct {
	run    *run
	number int32 // of the population, from 1
	size   int   // of the population, and of each generation of children
	best   int32 // best member ever, by the first objective
	idle   int   // generations since it came
	done   bool  // the last generation could not be filled
}

// Validate always succeeds: run has checked the configuration.
func (m *nsga2) Validate() error { return nil }

// Apply breeds a generation of children and keeps the best of all.
func (m *nsga2) Apply(pop *eaopt.Population) error {
	if pop.Generations == 0 {
		// Fitness is Genome.Evaluate's so far, which tournaments must not mix with ranks.
		m.keep(pop, pop.Individuals)
	}
	children, err := m.breed(pop)
	if err != nil {
		return err
	}
	if err := m.run.flush(); err != nil {
		return err
	}
	m.keep(pop, append(append(eaopt.Individuals(nil), pop.Individuals...), children...))
	return nil
}

// keep ranks all and makes the best of them the population. Individuals get the rank as their
// fitness and count as evaluated, so that eaopt, which sorts by fitness after Apply, sees the order
// of NSGA-II and calls Evaluate on nobody. Its hall of fame compares ranks of different generations
// and means nothing: the run has its own archive.
func (m *nsga2) keep(pop *eaopt.Population, all eaopt.Individuals) {
	ids := make([]int32, len(all))
	for i, individual := range all {
		ids[i] = individual.Genome.(*genome).id
	}
	order := m.run.table.rank(ids)
	kept := make(eaopt.Individuals, 0, m.size)
	for _, r := range order[:min(m.size, len(order))] {
		individual := all[r.member]
		individual.Fitness, individual.Evaluated = r.fitness(), true
		kept = append(kept, individual)
	}
	pop.Individuals = kept
	m.idle++
	if first := order[0].id; m.best < 0 || m.run.table.better(first, m.best) {
		m.best, m.idle = first, 0
	}
}

// breed returns children whose candidates the population never had. Having too few tells that the
// run is near its end: the budget is spent, or the population has converged.
func (m *nsga2) breed(pop *eaopt.Population) (eaopt.Individuals, error) {
	var children eaopt.Individuals
	child := &genome{run: m.run, raw: make(Genes, len(m.run.problem.Genes))}
	// The budget of tries is for all children together: one that is hard to breed anew may use what
	// others leave.
	for tries := m.size * triesPerChild; len(children) < m.size && tries > 0; tries-- {
		copy(child.raw, m.parent(pop).raw)
		if pop.RNG.Float64() < m.run.config.CrossoverRate {
			child.Crossover(m.parent(pop), pop.RNG)
		}
		child.Mutate(pop.RNG)
		id, first, err := m.run.enter(child.raw, m.number)
		if errors.Is(err, errBudget) {
			m.done = true
			return children, nil
		}
		if err != nil {
			return nil, err
		}
		// A candidate that only an earlier population had is as good as new here, and costs
		// nothing.
		if first {
			child.id = id
			children = append(children, eaopt.NewIndividual(child.Clone(), pop.RNG))
		}
	}
	m.done = len(children) == 0
	return children, nil
}

// parent is the winner of a binary tournament.
func (m *nsga2) parent(pop *eaopt.Population) *genome {
	a, b := pop.RNG.Intn(len(pop.Individuals)), pop.RNG.Intn(len(pop.Individuals))
	if pop.Individuals[b].Fitness < pop.Individuals[a].Fitness {
		a = b
	}
	return pop.Individuals[a].Genome.(*genome)
}
