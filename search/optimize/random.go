package optimize

import (
	"context"
	"errors"
	"math/rand/v2"
)

// patience is how many draws in a row may bring nothing new before a run gives a space up as seen.
const patience = 1000

// Random is the baseline that Minimize has to beat: distinct candidates drawn uniformly, with the
// same budget. It uses neither seeds nor any field of Config other than Seed, Evaluations,
// Population (its batch), Top and Progress.
func Random(ctx context.Context, p Problem, c Config) (*Result, error) {
	r, err := newRun(ctx, &p, c)
	if err != nil {
		return nil, err
	}
	if done, err := r.exhaust(); done || err != nil {
		return r.finish(Exhausted, err)
	}
	rng := r.rand(streamRandom)
	for r.left() > 0 {
		before := r.left()
		err := r.draw(1, r.config.Population, rng, func(Genes, int32) {})
		if err == nil {
			err = r.flush()
		}
		if err != nil {
			return r.finish(BudgetSpent, err)
		}
		if r.left() == before {
			return r.finish(Converged, nil)
		}
	}
	return r.finish(BudgetSpent, nil)
}

// draw gives yield up to n random points, uniform over the raw space, whose candidates were not in
// the population before.
func (r *run) draw(population int32, n int, rng *rand.Rand, yield func(raw Genes, id int32)) error {
	raw := make(Genes, len(r.problem.Genes))
	for misses := 0; n > 0 && misses < patience; {
		for i, choices := range r.problem.Genes {
			raw[i] = uint16(rng.IntN(choices))
		}
		id, first, err := r.enter(raw, population)
		if errors.Is(err, errBudget) {
			return nil
		}
		if err != nil {
			return err
		}
		if !first {
			misses++
			continue
		}
		yield(raw, id)
		n, misses = n-1, 0
	}
	return nil
}

// enter proposes g as a member of a population, and reports whether its candidate comes there for
// the first time.
func (r *run) enter(g Genes, population int32) (id int32, first bool, err error) {
	id, _, err = r.propose(g)
	if err != nil || r.table.entered[id] == population {
		return id, false, err
	}
	r.table.entered[id] = population
	return id, true, nil
}
