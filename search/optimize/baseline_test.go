package optimize_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// TestBaseline checks what the baseline promises on spaces whose truth is known: only feasible
// candidates count, as often as they are drawn, and each is asked for once.
func TestBaseline(t *testing.T) {
	for seed := range uint64(10) {
		k := newKnapsack(repeat(8, 3), 6, 0.1+0.08*float64(seed), seed)
		p, asked := watched(t, k, k.problem(1))
		config := given(optimize.Config{Seed: seed, Evaluations: 1 + 700*int(seed)})
		r, err := optimize.Baseline(t.Context(), p, config)
		if err != nil {
			t.Fatal(err)
		}
		if r.Evaluations != config.Evaluations || r.Status != optimize.BudgetSpent ||
			*asked > 6561 {
			t.Errorf("seed %d: %v after %d of %d draws, %d candidates", seed, r.Status,
				r.Evaluations, config.Evaluations, *asked)
		}
		checkResult(t, k, r, 1)
		again, err := optimize.Baseline(t.Context(), k.problem(1), config)
		if err != nil {
			t.Fatal(err)
		}
		sameResult(t, r, again)
		if best, worst := k.optimum(); seed > 2 && (r.Best[0].Objectives[0]-best)/
			(worst-best) > 0.15 {
			t.Errorf("seed %d: best is %v of %v to %v, which is no search", seed,
				r.Best[0].Objectives[0], best, worst)
		}
	}
}

// TestBaselineEnds where OFA's code would not: nothing is feasible, or the context is over.
func TestBaselineEnds(t *testing.T) {
	k := newKnapsack(repeat(6, 3), 3, 0.5, 1)
	k.limit = 0.001
	r, err := optimize.Baseline(t.Context(), k.problem(1), given(optimize.Config{Evaluations: 50}))
	if !errors.Is(err, optimize.ErrInfeasible) || len(r.Best) > 0 || r.Evaluations != 0 {
		t.Errorf("nothing is feasible: %v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	k = newKnapsack(repeat(12, 3), 12, 0.3, 1)
	r, err = optimize.Baseline(ctx, k.problem(1),
		given(optimize.Config{Evaluations: 5000, Progress: func(p optimize.Progress) {
			if p.Feasible > 300 {
				cancel()
			}
		}}))
	if !errors.Is(err, context.Canceled) || r.Status != optimize.Cancelled || len(r.Best) == 0 ||
		r.Evaluations < 300 || r.Evaluations > 4999 {
		t.Errorf("cancelled: %+v, %v", r, err)
	}
}
