package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// TestFewEvaluations compares with brute force on spaces of 6,561 points: in 80 evaluations more
// than half of the runs must find the best of all, where 80 random points have it once in 82 runs.
func TestFewEvaluations(t *testing.T) {
	for _, test := range []struct {
		name         string
		interactions int
		share        float64 // feasible
	}{{"additive", 0, 1}, {"pairs", 8, 1}, {"a limit", 4, .3}, {"a tight limit", 4, .05}} {
		exact := 0
		const runs = 5
		for seed := range uint64(runs) {
			k := newKnapsack(repeat(8, 3), test.interactions, min(test.share, .99), seed)
			if test.share == 1 {
				k.limit = math.Inf(1)
			}
			best, _ := k.optimum()
			r, err := optimize.Minimize(t.Context(), k.problem(1),
				given(optimize.Config{Evaluations: 80, Seed: seed}))
			if err != nil {
				t.Fatal(err)
			}
			if r.Evaluations != 80 || r.Status != optimize.BudgetSpent {
				t.Fatalf("%v after %d evaluations", r.Status, r.Evaluations)
			}
			if r.Best[0].Objectives[0] == best {
				exact++
			}
		}
		t.Logf("%s: %d of %d runs exact", test.name, exact, runs)
		if exact <= runs/2 {
			t.Errorf("%s: %d of %d runs found the best", test.name, exact, runs)
		}
	}
}

// TestModelIsRepeatable: a result has the same bits on any number of processors.
func TestModelIsRepeatable(t *testing.T) {
	k := newKnapsack(repeat(14, 4), 14, 0.3, 1)
	config := given(optimize.Config{Evaluations: 100, Seed: 5})
	var results []*optimize.Result
	for _, processors := range []int{1, 4} {
		before := runtime.GOMAXPROCS(processors)
		r, err := optimize.Minimize(t.Context(), k.problem(1), config)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	sameResult(t, results[0], results[1])
}

// TestModelOfLittle: objectives and violations from which nothing can be learned, of huge spaces
// too, are no reason not to go on.
func TestModelOfLittle(t *testing.T) {
	for name, value := range map[string]func(optimize.Genes) (objective, violation float64){
		"constant": func(optimize.Genes) (float64, float64) { return 3, 0 },
		"one sentinel": func(g optimize.Genes) (float64, float64) {
			if g[0] > 0 {
				return math.MaxFloat64, 1
			}
			return float64(g[1]), 0
		},
		"huge": func(g optimize.Genes) (float64, float64) {
			return math.MaxFloat64 * (float64(g[1])/65535 - .5) * 2, 0
		},
		"nothing feasible": func(g optimize.Genes) (float64, float64) {
			return 1, 1 + float64(g[2])
		},
	} {
		p := optimize.Problem{Genes: []int{3, 65536, 5, 1}, Objectives: 1,
			Evaluate: func(_ context.Context, batch []optimize.Genes,
				out []optimize.Evaluation) error {
				for i, g := range batch {
					out[i].Objectives[0], out[i].Violation = value(g)
				}
				return nil
			}}
		r, err := optimize.Minimize(t.Context(), p, given(optimize.Config{Evaluations: 60}))
		if name == "nothing feasible" {
			var infeasible *optimize.InfeasibleError
			if !errors.As(err, &infeasible) || infeasible.Least.Violation != 1 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || r.Evaluations != 60 {
			t.Errorf("%s: %v after %d", name, err, r.Evaluations)
		}
	}
}

// TestModelIsCancelled in its design, while it chooses, and while it climbs.
func TestModelIsCancelled(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	for _, after := range []int{1, 40, 70} {
		ctx, cancel := context.WithCancel(t.Context())
		p, count := watched(t, k, k.problem(1))
		r, err := optimize.Minimize(ctx, p, given(optimize.Config{Evaluations: 100, Modelled: 60,
			Progress: func(p optimize.Progress) {
				if p.Evaluations >= after {
					cancel()
				}
			}}))
		cancel()
		if !errors.Is(err, context.Canceled) || r.Status != optimize.Cancelled ||
			r.Evaluations != *count || *count < after || *count >= 100 {
			t.Errorf("after %d: %v, %+v", *count, err, r)
		}
	}
}

// TestModelled: what is given is taken, and refused where a model has no place.
func TestModelled(t *testing.T) {
	for _, test := range []struct {
		genes, evaluations, modelled, objectives, want int
	}{
		{8, 80, optimize.Auto, 1, 80}, {8, 1000, optimize.Auto, 1, 150},
		{8, 1001, optimize.Auto, 1, 0}, {12, 300, optimize.Auto, 1, 150},
		{12, 301, optimize.Auto, 1, 0}, {8, 80, optimize.Auto, 2, 0}, {8, 5000, 300, 1, 300},
		{8, 80, 300, 1, 80}, {8, 80, 300, 2, -1}, {8, 80, 1001, 1, -1},
	} {
		c := optimize.Defaults()
		c.Evaluations, c.Modelled = test.evaluations, test.modelled
		k := newKnapsack(repeat(test.genes, 3), 0, .3, 1)
		full, err := c.Complete(k.problem(test.objectives))
		if got := fmt.Sprint(full.Modelled); err == nil && got != fmt.Sprint(test.want) ||
			(err != nil) != (test.want < 0) {
			t.Errorf("%+v: %s, %v", test, got, err)
		}
	}
}
