package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// methods are the two searches, which share what they promise.
var methods = map[string]func(context.Context, optimize.Problem, optimize.Config) (*optimize.Result,
	error){
	"Minimize": optimize.Minimize,
	"Random":   optimize.Random,
}

// watched reports every candidate that Evaluate must not get: seen before, not canonical or outside
// the space.
func watched(t *testing.T, k *knapsack, p optimize.Problem) (optimize.Problem, *int) {
	seen := map[string]bool{}
	inner, count := p.Evaluate, new(int)
	p.Evaluate = func(ctx context.Context, batch []optimize.Genes,
		out []optimize.Evaluation) error {
		for _, g := range batch {
			*count++
			key := fmt.Sprint(g)
			if seen[key] {
				t.Errorf("%v is evaluated twice", g)
			}
			seen[key] = true
			if !k.isCanonical(g) {
				t.Errorf("%v is not canonical", g)
			}
			for i, v := range g {
				if int(v) >= k.genes[i] {
					t.Errorf("%v is outside the space", g)
				}
			}
		}
		return inner(ctx, batch, out)
	}
	return p, count
}

// checkResult compares what a result says of its candidates with evaluations from scratch, and with
// one another.
func checkResult(t *testing.T, k *knapsack, r *optimize.Result, n int) {
	t.Helper()
	fresh := make([]float64, n)
	for i, c := range r.Best {
		if violation := k.evaluate(c.Genes, fresh); violation != 0 || c.Violation != 0 ||
			!slices.Equal(fresh, c.Objectives) {
			t.Errorf("%v is reported with %v and violation %v, but has %v and %v", c.Genes,
				c.Objectives, c.Violation, fresh, violation)
		}
		if !k.isCanonical(c.Genes) {
			t.Errorf("%v is reported, but not canonical", c.Genes)
		}
		for _, d := range r.Best[:i] {
			if slices.Equal(c.Genes, d.Genes) || n > 1 && dominates(d.Objectives, c.Objectives) ||
				dominates(c.Objectives, d.Objectives) {
				t.Errorf("%v %v and %v %v should not both be reported, or not in this order",
					d.Genes, d.Objectives, c.Genes, c.Objectives)
			}
		}
	}
	for i, p := range r.History {
		if p.Evaluations > r.Evaluations || i > 0 && p.Evaluations <= r.History[i-1].Evaluations {
			t.Errorf("history is not in order: %v", r.History)
		}
	}
	if last := r.History[len(r.History)-1]; last.Evaluations != r.Evaluations {
		t.Errorf("history ends after %d of %d evaluations", last.Evaluations, r.Evaluations)
	} else if len(r.Best) > 0 && last.Best[0] != r.Best[0].Objectives[0] {
		t.Errorf("history ends with %v, the best is %v", last.Best, r.Best[0].Objectives)
	}
}

// dominates reports whether a is nowhere above b and somewhere below.
func dominates(a, b []float64) bool {
	below := false
	for i := range a {
		if a[i] > b[i] {
			return false
		}
		below = below || a[i] < b[i]
	}
	return below
}

// TestPromises runs both searches with all kinds of settings, and checks all that they promise in
// any case.
func TestPromises(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	deep, canonical := stages(3, 3)
	for i := range 60 {
		k := newKnapsack(deep, 12, 0.05+0.9*rng.Float64(), uint64(i))
		k.canonical = canonical
		objectives := 1 + i%3
		config := optimize.Config{
			Seed: uint64(i), Evaluations: 1 + rng.IntN(1500), Population: 1 + rng.IntN(200),
			Restarts: rng.IntN(12) - 1, Top: 1 + rng.IntN(30),
			LocalShare: max(0, 2*rng.Float64()-1), MutationRate: rng.Float64(),
			CrossoverRate: rng.Float64(),
		}
		if objectives == 1 {
			config.Modelled = []int{0, 40, 0, optimize.Auto}[i/3%4]
		}
		for name, method := range methods {
			p, count := watched(t, k, k.problem(objectives))
			r, err := method(t.Context(), p, config)
			if err != nil && !errors.Is(err, optimize.ErrInfeasible) {
				t.Fatalf("%s %+v: %v", name, config, err)
			}
			checkResult(t, k, r, objectives)
			if *count != r.Evaluations || *count > config.Evaluations {
				t.Errorf("%s %+v: evaluated %d, says %d", name, config, *count, r.Evaluations)
			}
			if r.Status == optimize.BudgetSpent != (*count == config.Evaluations) {
				t.Errorf("%s %+v: %v after %d evaluations", name, config, r.Status, *count)
			}
			if top := max(config.Top, 10*max(0, 1-config.Top)); objectives == 1 &&
				len(r.Best) != min(top, r.Feasible) {
				t.Errorf("%s: %d of %d feasible candidates reported, expected up to %d", name,
					len(r.Best), r.Feasible, top)
			}
			again, _ := method(t.Context(), k.problem(objectives), config)
			sameResult(t, r, again)
		}
		if t.Failed() {
			return
		}
	}
}

func TestSeedMatters(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	for name, method := range methods {
		a, _ := method(t.Context(), k.problem(1),
			given(optimize.Config{Evaluations: 1000, Seed: 1}))
		b, _ := method(t.Context(), k.problem(1),
			given(optimize.Config{Evaluations: 1000, Seed: 2}))
		if fmt.Sprint(a.History) == fmt.Sprint(b.History) {
			t.Errorf("%s goes the same way with two seeds", name)
		}
	}
}

func TestEvaluateMayReplaceSlices(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	config := given(optimize.Config{Evaluations: 1000})
	want, err := optimize.Minimize(t.Context(), k.problem(2), config)
	if err != nil {
		t.Fatal(err)
	}
	p := k.problem(2)
	shared := make([]float64, 2)
	p.Evaluate = func(_ context.Context, batch []optimize.Genes, out []optimize.Evaluation) error {
		for i, g := range batch {
			violation := k.evaluate(g, shared)
			out[i] = optimize.Evaluation{Objectives: slices.Clone(shared), Violation: violation}
		}
		return nil
	}
	got, err := optimize.Minimize(t.Context(), p, config)
	if err != nil {
		t.Fatal(err)
	}
	sameResult(t, want, got)
}

func TestSeedsComeFirst(t *testing.T) {
	genes, canonical := stages(4, 3)
	k := newKnapsack(genes, 12, 0.3, 1)
	k.canonical = canonical
	seeds := make([]optimize.Genes, 40)
	for i := range seeds {
		seeds[i] = make(optimize.Genes, len(genes))
		// genes 2 and 3 are dormant
		seeds[i][2], seeds[i][3], seeds[i][7] = uint16(i%3), uint16(i/3%3), uint16(i/9%3)
	}
	var first []optimize.Genes
	p := k.problem(1)
	p.Seeds = seeds
	p.Evaluate = func(_ context.Context, batch []optimize.Genes, out []optimize.Evaluation) error {
		if first == nil {
			for _, g := range batch {
				first = append(first, slices.Clone(g))
			}
		}
		for i, g := range batch {
			out[i].Violation = k.evaluate(g, out[i].Objectives)
		}
		return nil
	}
	// Fewer than the seeds in every respect; nearly all of the budget is for climbing.
	if _, err := optimize.Minimize(t.Context(), p,
		given(optimize.Config{Evaluations: 200, Population: 2, LocalShare: 1})); err != nil {
		t.Fatal(err)
	}
	for _, seed := range seeds {
		want := slices.Clone(seed)
		canonical(want)
		if !slices.ContainsFunc(first, func(g optimize.Genes) bool {
			return slices.Equal(g,
				want)
		}) {
			t.Errorf("seed %v is not in the first batch", seed)
		}
	}
	if seeds[1][2] != 1 {
		t.Error("the caller's seeds were changed")
	}
}

func TestSmallSpacesAreExhausted(t *testing.T) {
	genes, canonical := stages(2, 3) // 6,561 raw points, 39*39 canonical ones
	for _, test := range []struct {
		genes     []int
		canonical func(optimize.Genes)
		size      int
	}{
		{[]int{4, 1, 5, 3}, nil, 60},
		{[]int{1}, nil, 1},
		{repeat(13, 2), nil, 8192},
		{genes, canonical, 39 * 39},
	} {
		for name, method := range methods {
			k := newKnapsack(test.genes, 5, 0.5, 3)
			k.canonical = test.canonical
			p, count := watched(t, k, k.problem(1))
			r, err := method(t.Context(), p, given(optimize.Config{Evaluations: test.size}))
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != optimize.Exhausted || *count != test.size || r.Evaluations != test.size {
				t.Errorf("%s of %v: %v after %d evaluations, expected all %d", name, test.genes,
					r.Status, *count, test.size)
			}
			if best, _ := k.optimum(); r.Best[0].Objectives[0] != best {
				t.Errorf("%s of %v: best is %v, expected %v", name, test.genes,
					r.Best[0].Objectives[0], best)
			}
			if test.size == 1 {
				continue
			}
			r, err = method(t.Context(), k.problem(1),
				given(optimize.Config{Evaluations: test.size - 1}))
			if err != nil || r.Status == optimize.Exhausted {
				t.Errorf("%s of %v: %v with one evaluation too few, error %v", name, test.genes,
					r.Status, err)
			}
		}
	}
}

// TestConverges has a space that looks huge, but has 16 candidates.
func TestConverges(t *testing.T) {
	k := newKnapsack(repeat(20, 4), 5, 0.9, 3)
	k.canonical = func(g optimize.Genes) { clear(g[2:]) }
	for name, method := range methods {
		for i := range 4 {
			objectives, config := max(i, 1), given(optimize.Config{Evaluations: 1000})
			if i == 0 {
				config.Modelled = 100
			}
			p, count := watched(t, k, k.problem(objectives))
			r, err := method(t.Context(), p, config)
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != optimize.Converged || *count != 16 {
				t.Errorf("%s: %v after %d evaluations, expected to converge after 16", name,
					r.Status, *count)
			}
			checkResult(t, k, r, objectives)
		}
	}
}

func TestInfeasible(t *testing.T) {
	for i, test := range []struct {
		genes  []int
		proven bool
	}{{repeat(20, 3), false}, {repeat(20, 3), false}, {repeat(4, 3), true}} {
		for name, method := range methods {
			for objectives := 1; objectives < 4; objectives++ {
				k := newKnapsack(test.genes, 0, 0.3, 1)
				// half of the cheapest
				k.limit = 0.5 * k.costOf(make(optimize.Genes, len(test.genes)))
				p, count := watched(t, k, k.problem(objectives))
				config := given(optimize.Config{Evaluations: 2000})
				if i%2 == 1 && objectives == 1 {
					config.Modelled = 30
				}
				r, err := method(t.Context(), p, config)
				var infeasible *optimize.InfeasibleError
				if !errors.As(err, &infeasible) || !errors.Is(err, optimize.ErrInfeasible) {
					t.Fatalf("%s: got %v", name, err)
				}
				if infeasible.Proven != test.proven || infeasible.Evaluations != *count ||
					len(r.Best) != 0 || r.Feasible != 0 {
					t.Errorf("%s: %+v after %d evaluations", name, infeasible, *count)
				}
				least := infeasible.Least
				if got := k.evaluate(least.Genes, least.Objectives); got != least.Violation {
					t.Errorf("%s: the nearest has violation %v, but says %v", name, got,
						least.Violation)
				}
				// The cheapest candidate has a violation of exactly one.
				if (name == "Minimize" || test.proven) && math.Abs(least.Violation-1) > 1e-12 {
					t.Errorf("%s: the nearest has violation %v, expected 1", name, least.Violation)
				}
				if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(),
					fmt.Sprintf("%.4g", least.Violation)) {
					t.Errorf("message is %q", err)
				}
			}
		}
	}
}
