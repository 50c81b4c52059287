package optimize

import "errors"

// repeats bounds how many raw points are looked at for each evaluation allowed, when a space might
// have few enough canonical candidates to be evaluated whole.
const repeats = 16

// exhaust evaluates the whole space if it has no more candidates than the run may evaluate, and
// reports whether it did.
func (r *run) exhaust() (bool, error) {
	if !r.mayExhaust() {
		return false, nil
	}
	g := make(Genes, len(r.problem.Genes))
	for more := true; more; more = next(g, r.problem.Genes) {
		if r.problem.Nested {
			found, err := r.skip(g)
			if err != nil {
				return false, err
			}
			if !found {
				break
			}
		}
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

// mayExhaust reports whether it is worth a try. Where their number is not known, canonical
// candidates can be counted only by proposing them; errBudget tells when there are too many.
func (r *run) mayExhaust() bool {
	limit := r.config.Evaluations
	if r.problem.Count > limit {
		return false
	}
	if r.problem.Nested {
		return true
	}
	if r.problem.Canonical != nil {
		limit *= repeats
	}
	return r.problem.size(limit) <= limit
}

// skip advances g to the first canonical point that is not before it, and reports whether there is
// one. In a nested space nothing is canonical that begins as a point that is not, up to and with
// the gene that Canonical changes.
func (r *run) skip(g Genes) (bool, error) {
	for {
		copy(r.scratch, g)
		if err := r.problem.canonical(r.scratch); err != nil {
			return false, err
		}
		wrong := 0
		for wrong < len(g) && g[wrong] == r.scratch[wrong] {
			wrong++
		}
		if wrong == len(g) {
			return true, nil
		}
		clear(g[wrong+1:])
		if !next(g[:wrong+1], r.problem.Genes) {
			return false, nil
		}
	}
}

// next advances g to the following point of the space, the last gene fastest, and reports whether
// there was one.
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
