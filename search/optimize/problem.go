package optimize

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// maxChoices is what a gene's uint16 can number.
const maxChoices = math.MaxUint16 + 1

// Genes is a candidate: for each gene the number of the choice taken, from 0.
type Genes []uint16

// Evaluation is what a problem says of a candidate.
type Evaluation struct {
	// Objectives are the values to minimise, all finite. A feasible candidate with a smaller value
	// is better.
	Objectives []float64
	// Violation is 0 for a feasible candidate. Otherwise it says how far the candidate is outside:
	// the sum over the constraints of (value - limit) / limit, or any other measure that shrinks on
	// the way to feasibility.
	Violation float64
}

// Candidate is a point of the space with its evaluation.
type Candidate struct {
	Genes Genes
	Evaluation
}

// Problem is a finite space and what to minimise in it. Feasible candidates come before infeasible
// ones, and less violating ones before more violating ones (Deb, "An efficient constraint handling
// method for genetic algorithms", 2000).
type Problem struct {
	// Genes holds the number of choices of each gene, at least 1 each.
	Genes []int
	// Objectives is the number of values that Evaluate gives for a candidate.
	Objectives int
	// Evaluate fills out[i] for batch[i]. out[i].Objectives comes with room for the values;
	// replacing the slice is fine too. batch must neither be changed nor kept. In a run no
	// candidate comes twice, and all that come are canonical. Calls never overlap, though they may
	// come from different goroutines. Values must not depend on how candidates are split into
	// batches. Any error ends the run.
	Evaluate func(ctx context.Context, batch []Genes, out []Evaluation) error
	// Canonical, if set, rewrites g in place to the one representative of all candidates that are
	// the same to Evaluate, usually by zeroing the genes that do not matter. Applying it twice must
	// be the same as applying it once.
	Canonical func(g Genes)
	// Count is the number of canonical candidates, if that is known; 0 if not.
	Count int
	// Nested promises that whether a gene matters, and what Canonical makes of it, depends on the
	// genes before it alone, so that looking at the whole space can leave out all that begins as a
	// candidate that is not canonical.
	Nested bool
	// Seeds are candidates that the first population must contain, such as the smallest and the
	// largest.
	Seeds []Genes
	// Guide, if set, tells what is near a candidate for less than an evaluation.
	Guide *Guide
}

// check reports the first thing wrong with the problem.
func (p *Problem) check() error {
	if len(p.Genes) == 0 {
		return fmt.Errorf("the problem has no genes; it needs at least one")
	}
	for i, n := range p.Genes {
		if n < 1 || n > maxChoices {
			return fmt.Errorf("gene %d has %d choices; a gene needs 1 to %d", i, n, maxChoices)
		}
	}
	if p.Objectives < 1 {
		return fmt.Errorf("the problem has %d objectives; it needs at least one", p.Objectives)
	}
	if p.Evaluate == nil {
		return fmt.Errorf("the problem has no Evaluate function")
	}
	if p.Guide != nil {
		if err := p.Guide.check(p); err != nil {
			return err
		}
	}
	for i, seed := range p.Seeds {
		if err := p.inRange(seed); err != nil {
			return fmt.Errorf("seed %d: %w", i, err)
		}
	}
	return nil
}

// inRange reports whether g is a point of the space.
func (p *Problem) inRange(g Genes) error {
	if len(g) != len(p.Genes) {
		return fmt.Errorf("candidate has %d genes, the space has %d", len(g), len(p.Genes))
	}
	for i, v := range g {
		if int(v) >= p.Genes[i] {
			return fmt.Errorf("candidate %v: gene %d is %d, but has only choices 0 to %d", g, i, v,
				p.Genes[i]-1)
		}
	}
	return nil
}

// size is the number of points of the space, or limit+1 if there are more than limit of them. It
// divides, as the product of some forty genes is beyond an int.
func (p *Problem) size(limit int) int {
	product := 1
	for _, n := range p.Genes {
		if product > limit/n {
			return limit + 1
		}
		product *= n
	}
	return product
}

// canonical rewrites g, which must be in range, and reports a Canonical function that breaks its
// promises.
func (p *Problem) canonical(g Genes) error {
	if p.Canonical == nil {
		return nil
	}
	p.Canonical(g)
	if err := p.inRange(g); err != nil {
		return fmt.Errorf("the problem's Canonical left the space: %w", err)
	}
	return nil
}

// checkCanonical reports a Canonical function that does not leave the canonical g alone: a
// candidate would have several representatives then, and be evaluated for each. Runs ask this of
// first populations only, since it doubles the cost of a proposal.
func (p *Problem) checkCanonical(g Genes) error {
	if p.Canonical == nil {
		return nil
	}
	again := slices.Clone(g)
	if p.Canonical(again); !slices.Equal(again, g) {
		return fmt.Errorf("the problem's Canonical is not idempotent: %v becomes %v", g, again)
	}
	return nil
}

// check reports what is wrong with an evaluation that should have n objectives.
func (e Evaluation) check(n int) error {
	if len(e.Objectives) != n {
		return fmt.Errorf("got %d objectives, expected %d", len(e.Objectives), n)
	}
	for i, v := range e.Objectives {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("objective %d is %v; it must be set and finite", i, v)
		}
	}
	if !(e.Violation >= 0) || math.IsInf(e.Violation, 0) {
		return fmt.Errorf("violation is %v; it must be 0 (feasible) or positive and finite",
			e.Violation)
	}
	return nil
}
