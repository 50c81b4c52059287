package optimize

import (
	"context"
	"slices"
)

// Method is a way to search: [Minimize], or [Random] and [Baseline] to compare with.
type Method func(context.Context, Problem, Config) (*Result, error)

// Minimize looks for the best feasible candidates of p. It evolves populations, the last one from
// the best of the others; with one objective it then climbs from their best. A space with no more
// candidates than Config.Evaluations is evaluated whole instead. With a [Guide], a population of
// local optima evolves, whose children climb; of Config, Seed, Evaluations and Top matter then. So
// they do where evaluations are few and Config.Modelled of them are chosen by a model, one at a
// time, before it climbs; large spaces then evolve from the best of these.
//
// When ctx ends, the Result until then comes with an error that wraps ctx.Err(). When nothing
// feasible was met, the error is an *InfeasibleError, and Result.Best is empty. Other errors come
// without a Result.
func Minimize(ctx context.Context, p Problem, c Config) (*Result, error) {
	r, err := newRun(ctx, &p, c)
	if err != nil {
		return nil, err
	}
	if done, err := r.exhaust(); done || err != nil {
		return r.finish(Exhausted, err)
	}
	if p.Guide != nil {
		return r.spent(r.climbGuided())
	}
	if r.config.Modelled > 0 {
		return r.spent(r.modelFirst())
	}
	return r.spent(r.evolveThenClimb(p.Seeds))
}

func (r *run) evolveThenClimb(start []Genes) error {
	winners, err := r.evolveAll(start)
	if err == nil && r.config.LocalShare > 0 {
		err = r.climb(winners)
	}
	return err
}

// modelFirst has a model choose, and goes on from the best with what is left: where the model knew
// the whole space, others are few and near.
func (r *run) modelFirst() error {
	if err := r.model(); err != nil || r.left() == 0 {
		return err
	}
	if r.problem.size(wholePool) <= wholePool {
		return r.climb([]int32{r.top()})
	}
	start := slices.Clone(r.problem.Seeds)
	for _, id := range r.archive.sorted() {
		start = append(start, slices.Clone(r.table.at(id)))
	}
	return r.evolveThenClimb(start)
}

// spent is finish with the status that follows from what is left.
func (r *run) spent(err error) (*Result, error) {
	if r.left() > 0 {
		return r.finish(Converged, err)
	}
	return r.finish(BudgetSpent, err)
}
