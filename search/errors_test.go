package search_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/search"
)

func TestCancellation(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	for name, method := range methods {
		for _, objectives := range []int{1, 2} {
			for _, after := range []int{0, 1, 150, 1999} {
				ctx, cancel := context.WithCancel(t.Context())
				p, count := watched(t, k, k.problem(objectives))
				inner := p.Evaluate
				p.Evaluate = func(ctx context.Context, batch []search.Genes, out []search.Evaluation) error {
					if ctx.Err() != nil {
						t.Error("evaluates after the end of the context")
					}
					return inner(ctx, batch, out)
				}
				config := given(search.Config{Evaluations: 2000, Population: 50})
				config.Progress = func(p search.Progress) {
					if p.Evaluations >= after {
						cancel()
					}
				}
				if after == 0 {
					cancel()
				}
				r, err := method(ctx, p, config)
				cancel()
				if after == 1999 {
					// The end came first, and a finished search is no failure.
					if err != nil || r.Status != search.BudgetSpent {
						t.Errorf("%s: got %v, %v", name, r.Status, err)
					}
					continue
				}
				if !errors.Is(err, context.Canceled) || r == nil {
					t.Fatalf("%s: got %v, %v", name, r, err)
				}
				if r.Status != search.Cancelled || r.Evaluations != *count || *count < after || *count > after+1024 {
					t.Errorf("%s: %v after %d evaluations, says %d", name, r.Status, *count, r.Evaluations)
				}
				checkResult(t, k, r, objectives)
				if after > 100 && len(r.Best) == 0 {
					t.Errorf("%s reports nothing of %d evaluations", name, *count)
				}
			}
		}
	}
}

// TestCancelledEvaluate ends the context inside of Evaluate, which says so in its own words.
func TestCancelledEvaluate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	p := k.problem(1)
	inner, calls := p.Evaluate, 0
	p.Evaluate = func(ctx context.Context, batch []search.Genes, out []search.Evaluation) error {
		if calls++; calls == 3 {
			cancel()
			return errors.New("interrupted")
		}
		return inner(ctx, batch, out)
	}
	r, err := search.Minimize(ctx, p, given(search.Config{Evaluations: 4000}))
	if !errors.Is(err, context.Canceled) || r.Evaluations != 200 || r.Status != search.Cancelled {
		t.Errorf("got %+v, %v", r, err)
	}
	checkResult(t, k, r, 1)
}

func TestEvaluateErrorStops(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	broken := errors.New("device unplugged")
	for name, method := range methods {
		for _, at := range []int{1, 4} {
			p := k.problem(1)
			inner, calls := p.Evaluate, 0
			p.Evaluate = func(ctx context.Context, batch []search.Genes, out []search.Evaluation) error {
				if calls++; calls >= at {
					return broken
				}
				return inner(ctx, batch, out)
			}
			r, err := method(t.Context(), p, given(search.Config{Evaluations: 4000}))
			if !errors.Is(err, broken) || r != nil || calls != at {
				t.Errorf("%s: got %v, %v after %d calls", name, r, err, calls)
			}
		}
	}
}

func TestBadEvaluations(t *testing.T) {
	for _, test := range []struct {
		name, want string
		spoil      func(e *search.Evaluation)
	}{
		{"NaN", "objective 1 is NaN", func(e *search.Evaluation) { e.Objectives[1] = math.NaN() }},
		{"infinite", "objective 0 is -Inf", func(e *search.Evaluation) { e.Objectives[0] = math.Inf(-1) }},
		{"unset", "objective 0 is NaN; it must be set", func(e *search.Evaluation) { e.Objectives = []float64{math.NaN(), 0} }},
		{"too few", "got 1 objectives, expected 2", func(e *search.Evaluation) { e.Objectives = e.Objectives[:1] }},
		{"none", "got 0 objectives, expected 2", func(e *search.Evaluation) { e.Objectives = nil }},
		{"negative violation", "violation is -1", func(e *search.Evaluation) { e.Violation = -1 }},
		{"NaN violation", "violation is NaN", func(e *search.Evaluation) { e.Violation = math.NaN() }},
		{"infinite violation", "violation is +Inf", func(e *search.Evaluation) { e.Violation = math.Inf(1) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newKnapsack(repeat(3, 3), 0, 0.3, 1)
			p := k.problem(2)
			inner := p.Evaluate
			p.Evaluate = func(ctx context.Context, batch []search.Genes, out []search.Evaluation) error {
				err := inner(ctx, batch, out)
				for i, g := range batch {
					if slices.Equal(g, search.Genes{2, 0, 1}) {
						test.spoil(&out[i])
					}
				}
				return err
			}
			_, err := search.Minimize(t.Context(), p, search.Defaults())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "[2 0 1]") {
				t.Errorf("got %v, expected %q and the candidate [2 0 1]", err, test.want)
			}
		})
	}
}

// TestForgottenObjectives has an Evaluate that does nothing.
func TestForgottenObjectives(t *testing.T) {
	p := newKnapsack(repeat(3, 3), 0, 0.3, 1).problem(1)
	p.Evaluate = func(context.Context, []search.Genes, []search.Evaluation) error { return nil }
	if _, err := search.Minimize(t.Context(), p, search.Defaults()); err == nil || !strings.Contains(err.Error(), "must be set") {
		t.Errorf("got %v", err)
	}
}

func TestBadProblemsAndConfigs(t *testing.T) {
	good := newKnapsack(repeat(12, 3), 0, 0.3, 1).problem(1)
	for _, test := range []struct {
		want  string
		spoil func(p *search.Problem, c *search.Config)
	}{
		{"no genes", func(p *search.Problem, _ *search.Config) { p.Genes = nil }},
		{"gene 1 has 0 choices", func(p *search.Problem, _ *search.Config) { p.Genes = []int{2, 0} }},
		{"gene 0 has 65537 choices", func(p *search.Problem, _ *search.Config) { p.Genes = []int{65537} }},
		{"has 0 objectives", func(p *search.Problem, _ *search.Config) { p.Objectives = 0 }},
		{"no Evaluate", func(p *search.Problem, _ *search.Config) { p.Evaluate = nil }},
		{"seed 1: candidate has 2 genes, the space has 12", func(p *search.Problem, _ *search.Config) {
			p.Seeds = []search.Genes{make(search.Genes, 12), {1, 2}}
		}},
		{"seed 0: candidate [3 0 0 0 0 0 0 0 0 0 0 0]: gene 0 is 3", func(p *search.Problem, _ *search.Config) {
			p.Seeds = []search.Genes{{0: 3, 11: 0}}
		}},
		{"2 seeds, but", func(p *search.Problem, c *search.Config) {
			p.Seeds, c.Evaluations = []search.Genes{make(search.Genes, 12), make(search.Genes, 12)}, 1
		}},
		{"Canonical left the space", func(p *search.Problem, _ *search.Config) { p.Canonical = func(g search.Genes) { g[3] = 9 } }},
		{"not idempotent", func(p *search.Problem, _ *search.Config) {
			p.Canonical = func(g search.Genes) { g[3] = (g[3] + 1) % 3 }
		}},
		{"Evaluations is 0", func(_ *search.Problem, c *search.Config) { c.Evaluations = 0 }},
		{"Evaluations is -2", func(_ *search.Problem, c *search.Config) { c.Evaluations = -2 }},
		{"Evaluations is", func(_ *search.Problem, c *search.Config) { c.Evaluations = math.MaxInt }},
		{"Population is 0", func(_ *search.Problem, c *search.Config) { c.Population = 0 }},
		{"Restarts is -2", func(_ *search.Problem, c *search.Config) { c.Restarts = -2 }},
		{"Top is 0", func(_ *search.Problem, c *search.Config) { c.Top = 0 }},
		{"Top is -3", func(_ *search.Problem, c *search.Config) { c.Top = -3 }},
		{"MutationRate is -0.1", func(_ *search.Problem, c *search.Config) { c.MutationRate = -0.1 }},
		{"MutationRate is NaN", func(_ *search.Problem, c *search.Config) { c.MutationRate = math.NaN() }},
		{"CrossoverRate is 1.5", func(_ *search.Problem, c *search.Config) { c.CrossoverRate = 1.5 }},
		{"LocalShare is 2", func(_ *search.Problem, c *search.Config) { c.LocalShare = 2 }},
	} {
		p, c := good, given(search.Config{Evaluations: 1000})
		test.spoil(&p, &c)
		if _, err := search.Minimize(t.Context(), p, c); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, expected %q", err, test.want)
		}
	}
}

func TestProgress(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.05, 1)
	var last search.Progress
	config := given(search.Config{Evaluations: 3000, Top: 3, Progress: func(p search.Progress) {
		if p.Evaluations <= last.Evaluations || p.Budget != 3000 || p.Found < last.Found || p.Best == nil != (p.Found == 0) {
			t.Errorf("%+v follows %+v", p, last)
		}
		if last.Best != nil && p.Best[0] > last.Best[0] {
			t.Errorf("best rises from %v to %v", last.Best, p.Best)
		}
		last = p
	}})
	r, err := search.Minimize(t.Context(), k.problem(1), config)
	if err != nil {
		t.Fatal(err)
	}
	if last.Evaluations != r.Evaluations || last.Found != 3 || last.Best[0] != r.Best[0].Objectives[0] {
		t.Errorf("last progress is %+v", last)
	}
}

func TestStatusNames(t *testing.T) {
	for status, want := range map[search.Status]string{
		search.Exhausted: "exhausted", search.BudgetSpent: "budget spent", search.Converged: "converged",
		search.Cancelled: "cancelled", 0: "status 0",
	} {
		if status.String() != want {
			t.Errorf("%q, expected %q", status, want)
		}
	}
}
