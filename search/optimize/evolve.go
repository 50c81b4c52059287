package optimize

import (
	"math"
	mathrand "math/rand" // what eaopt asks for
	"slices"

	"github.com/MaxHalford/eaopt"
)

// idleGenerations is how many generations may bring no better candidate before a population with
// one objective has converged.
const idleGenerations = 40

// evolveAll spends the evaluations that are not kept for climbing. The first population has the
// seeds. Populations evolve apart and meet in the last one: on rugged spaces each settles in its
// own region, and crossing those finds more than a longer run of any of them. It returns the best
// candidate of each population, best first. What a converged population leaves goes to those after
// it.
func (r *run) evolveAll(seeds []Genes) ([]int32, error) {
	budget := r.config.Evaluations - int(r.config.LocalShare*float64(r.config.Evaluations))
	// Climbing needs a place to start from, and seeds are a promise, whatever LocalShare says.
	budget = max(budget, r.config.Population, len(seeds))
	last := r.config.Restarts + 1
	var ends [][]*genome
	var winners []int32
	for number := 1; number <= last; number++ {
		r.limit = budget
		if number < last {
			// A share of budget for each, two for the last one, in which all meet.
			r.limit = min(budget, max(r.table.len()+budget/(last+1), len(seeds)))
		}
		var start []Genes
		if number == 1 {
			start = seeds
		} else if number == last {
			start = interleave(ends, r.config.Population)
		}
		end, err := r.evolve(int32(number), start)
		if err != nil {
			return nil, err
		}
		if len(end) > 0 {
			ends = append(ends, end)
			winners = append(winners, end[0].id)
		}
	}
	r.limit = r.config.Evaluations
	slices.SortFunc(winners, r.table.compare)
	return slices.Compact(winners), nil
}

// interleave returns up to n genes: the first of each population, then the second of each, and so
// on.
func interleave(populations [][]*genome, n int) []Genes {
	var all []Genes
	for i, more := 0, true; more; i++ {
		more = false
		for _, members := range populations {
			if i < len(members) {
				all, more = append(all, members[i].raw), true
			}
		}
	}
	return all[:min(n, len(all))]
}

// evolve runs a population until it has converged or the limit is reached, and returns its members,
// best first; none if the limit leaves no room for it.
func (r *run) evolve(number int32, start []Genes) ([]*genome, error) {
	first, err := r.firstPopulation(number, start)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	model := &nsga2{run: r, number: number, size: len(first), best: -1}
	stop := func(*eaopt.GA) bool {
		return model.done || r.problem.Objectives == 1 && model.idle >= idleGenerations
	}
	ga, err := eaopt.GAConfig{
		NPops: 1, PopSize: uint(len(first)), HofSize: 1, Model: model, EarlyStop: stop,
		// stop comes first: every generation but the last has a candidate that is new to the
		// population.
		NGenerations: math.MaxInt32,
		// Without RNG eaopt takes a seed from the clock.
		RNG: mathrand.New(mathrand.NewSource(r.rand(streamEvolution + uint64(number)).Int64())),
	}.NewGA()
	if err != nil {
		return nil, err
	}
	// eaopt evaluates genomes one by one as it creates them, so they have been evaluated in one
	// batch before.
	next := 0
	if err := ga.Minimize(func(*mathrand.Rand) eaopt.Genome {
		next++
		return first[next-
			1]
	}); err != nil {
		return nil, err
	}
	return genomes(ga.Populations[0].Individuals), nil
}

func genomes(individuals eaopt.Individuals) []*genome {
	all := make([]*genome, len(individuals))
	for i, individual := range individuals {
		all[i] = individual.Genome.(*genome)
	}
	return all
}

// firstPopulation proposes and evaluates the start of a population, filled up with random
// candidates. It may be smaller than Config.Population where the space or the budget is, and larger
// for seeds.
func (r *run) firstPopulation(number int32, start []Genes) ([]*genome, error) {
	var members []*genome
	join := func(raw Genes, id int32) {
		members = append(members,
			&genome{run: r, raw: slices.Clone(raw), id: id})
	}
	for _, raw := range start {
		id, first, err := r.enter(raw, number)
		if err != nil {
			return nil, err
		}
		if first {
			join(raw, id)
		}
	}
	if err := r.draw(number, r.config.Population-len(members),
		r.rand(streamPopulation+uint64(number)), join); err != nil {
		return nil, err
	}
	for _, g := range members {
		if err := r.problem.checkCanonical(r.table.at(g.id)); err != nil {
			return nil, err
		}
	}
	return members, r.flush()
}
