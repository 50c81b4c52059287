package search

import "errors"

// repeats bounds how many raw points are looked at for each evaluation allowed, when a space might have few enough canonical
// candidates to be evaluated whole.
const repeats = 16

// exhaust evaluates the whole space if it has no more candidates than the run may evaluate, and reports whether it did.
func (r *run) exhaust() (bool, error) {
	// Canonical candidates can be counted only by proposing them; errBudget tells when there are too many.
	limit := r.config.Evaluations
	if r.problem.Canonical != nil {
		limit *= repeats
	}
	if r.problem.size(limit) > limit {
		return false, nil
	}
	g := make(Genes, len(r.problem.Genes))
	for more := true; more; more = next(g, r.problem.Genes) {
		switch _, _, err := r.propose(g); {
		case errors.Is(err, errBudget):
			r.reset()
			return false, nil
		case err != nil:
			return false, err
		}
	}
	return true, r.flush()
}

// next advances g to the following point of the space, the last gene fastest, and reports whether there was one.
func next(g Genes, choices []int) bool {
	for i := len(g) - 1; i >= 0; i-- {
		if int(g[i])+1 < choices[i] {
			g[i]++
			return true
		}
		g[i] = 0
	}
	return false
}
