package optimize

import (
	"errors"
	"fmt"
	"iter"
)

// Status says why a run ended, and with it how much its answer means.
type Status int

const (
	// Exhausted: every candidate of the space was evaluated; the answer is exact.
	Exhausted Status = iota + 1
	// BudgetSpent: the run used all its evaluations.
	BudgetSpent
	// Converged: the run stopped finding candidates that it had not seen, with evaluations left.
	Converged
	// Cancelled: the context ended the run; the answer is the best until then.
	Cancelled
)

// String names the status for people.
func (s Status) String() string {
	switch s {
	case Exhausted:
		return "exhausted"
	case BudgetSpent:
		return "budget spent"
	case Converged:
		return "converged"
	case Cancelled:
		return "cancelled"
	}
	return fmt.Sprintf("status %d", int(s))
}

// Result is what a run found.
type Result struct {
	// Best holds feasible candidates only: with one objective the best distinct ones, best first,
	// at most Config.Top; with several the Pareto front of all that was evaluated, by rising first
	// objective.
	Best []Candidate
	// Evaluations is the number of candidates evaluated, Feasible how many of them were feasible.
	Evaluations, Feasible int
	// History has a point for each candidate that improved on Point.Best, and one for the end.
	History []Point
	Status  Status

	table     *table
	evaluated int
}

// All yields every candidate that was evaluated, in that order. Their slices must not be changed.
func (r *Result) All() iter.Seq[Candidate] {
	return func(yield func(Candidate) bool) {
		for id := range int32(r.evaluated) {
			c := Candidate{r.table.at(id), Evaluation{r.table.valuesAt(id), r.table.violations[id]}}
			if !yield(c) {
				return
			}
		}
	}
}

// Point says how far a run was after some evaluations.
type Point struct {
	Evaluations int
	// Feasible is how many of the evaluations were of feasible candidates.
	Feasible int
	// Best holds the smallest feasible value of each objective, not necessarily of one candidate;
	// nil if none was feasible.
	Best []float64
}

// Progress is a Point of a run under way.
type Progress struct {
	Point
	// Budget is the number of evaluations that the run may use.
	Budget int
	// Found is the number of candidates that Result.Best would have now.
	Found int
}

// ErrInfeasible is what every InfeasibleError is, for errors.Is.
var ErrInfeasible = errors.New("no feasible candidate")

// InfeasibleError occurs when a run met no feasible candidate.
type InfeasibleError struct {
	// Least is the candidate nearest to feasibility.
	Least Candidate
	// Evaluations is the number of candidates evaluated.
	Evaluations int
	// Proven tells that these were all candidates there are.
	Proven bool
}

// Error says how near to feasibility the run came.
func (e *InfeasibleError) Error() string {
	what := fmt.Sprintf("among %d evaluated", e.Evaluations)
	if e.Proven {
		what = fmt.Sprintf("in the whole space of %d", e.Evaluations)
	}
	return fmt.Sprintf("%v %s; the nearest one exceeds the constraints by %.4g (relative): loosen them",
		ErrInfeasible, what, e.Least.Violation)
}

// Unwrap makes errors.Is(err, ErrInfeasible) hold.
func (e *InfeasibleError) Unwrap() error { return ErrInfeasible }
