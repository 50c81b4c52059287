package optimize_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

func TestCancellation(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	for name, method := range methods {
		for _, objectives := range []int{1, 2} {
			for _, after := range []int{0, 1, 150, 1999} {
				ctx, cancel := context.WithCancel(t.Context())
				p, count := watched(t, k, k.problem(objectives))
				inner := p.Evaluate
				p.Evaluate = func(ctx context.Context, batch []optimize.Genes,
					out []optimize.Evaluation) error {
					if ctx.Err() != nil {
						t.Error("evaluates after the end of the context")
					}
					return inner(ctx, batch, out)
				}
				config := given(optimize.Config{Evaluations: 2000, Population: 50})
				config.Progress = func(p optimize.Progress) {
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
					if err != nil || r.Status != optimize.BudgetSpent {
						t.Errorf("%s: got %v, %v", name, r.Status, err)
					}
					continue
				}
				if !errors.Is(err, context.Canceled) || r == nil {
					t.Fatalf("%s: got %v, %v", name, r, err)
				}
				if r.Status != optimize.Cancelled || r.Evaluations != *count || *count < after ||
					*count > after+1024 {
					t.Errorf("%s: %v after %d evaluations, says %d", name, r.Status, *count,
						r.Evaluations)
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
	p.Evaluate = func(ctx context.Context, batch []optimize.Genes,
		out []optimize.Evaluation) error {
		if calls++; calls == 3 {
			cancel()
			return errors.New("interrupted")
		}
		return inner(ctx, batch, out)
	}
	r, err := optimize.Minimize(ctx, p, given(optimize.Config{Evaluations: 4000}))
	if !errors.Is(err, context.Canceled) || r.Evaluations != 200 || r.Status != optimize.Cancelled {
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
			p.Evaluate = func(ctx context.Context, batch []optimize.Genes,
				out []optimize.Evaluation) error {
				if calls++; calls >= at {
					return broken
				}
				return inner(ctx, batch, out)
			}
			r, err := method(t.Context(), p, given(optimize.Config{Evaluations: 4000}))
			if !errors.Is(err, broken) || r != nil || calls != at {
				t.Errorf("%s: got %v, %v after %d calls", name, r, err, calls)
			}
		}
	}
}

func TestBadEvaluations(t *testing.T) {
	for _, test := range []struct {
		name, want string
		spoil      func(e *optimize.Evaluation)
	}{
		{"NaN", "objective 1 is NaN",
			func(e *optimize.Evaluation) { e.Objectives[1] = math.NaN() }},
		{"infinite", "objective 0 is -Inf",
			func(e *optimize.Evaluation) { e.Objectives[0] = math.Inf(-1) }},
		{"unset", "objective 0 is NaN; it must be set",
			func(e *optimize.Evaluation) { e.Objectives = []float64{math.NaN(), 0} }},
		{"too few", "got 1 objectives, expected 2",
			func(e *optimize.Evaluation) { e.Objectives = e.Objectives[:1] }},
		{"none", "got 0 objectives, expected 2",
			func(e *optimize.Evaluation) { e.Objectives = nil }},
		{"negative violation", "violation is -1",
			func(e *optimize.Evaluation) { e.Violation = -1 }},
		{"NaN violation", "violation is NaN",
			func(e *optimize.Evaluation) { e.Violation = math.NaN() }},
		{"infinite violation", "violation is +Inf",
			func(e *optimize.Evaluation) { e.Violation = math.Inf(1) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newKnapsack(repeat(3, 3), 0, 0.3, 1)
			p := k.problem(2)
			inner := p.Evaluate
			p.Evaluate = func(ctx context.Context, batch []optimize.Genes,
				out []optimize.Evaluation) error {
				err := inner(ctx, batch, out)
				for i, g := range batch {
					if slices.Equal(g, optimize.Genes{2, 0, 1}) {
						test.spoil(&out[i])
					}
				}
				return err
			}
			_, err := optimize.Minimize(t.Context(), p, optimize.Defaults())
			if err == nil || !strings.Contains(err.Error(), test.want) ||
				!strings.Contains(err.Error(), "[2 0 1]") {
				t.Errorf("got %v, expected %q and the candidate [2 0 1]", err, test.want)
			}
		})
	}
}

// TestForgottenObjectives has an Evaluate that does nothing.
func TestForgottenObjectives(t *testing.T) {
	p := newKnapsack(repeat(3, 3), 0, 0.3, 1).problem(1)
	p.Evaluate = func(context.Context, []optimize.Genes, []optimize.Evaluation) error { return nil }
	if _, err := optimize.Minimize(t.Context(), p, optimize.Defaults()); err == nil ||
		!strings.Contains(err.Error(), "must be set") {
		t.Errorf("got %v", err)
	}
}

func TestBadProblemsAndConfigs(t *testing.T) {
	good := newKnapsack(repeat(12, 3), 0, 0.3, 1).problem(1)
	for _, test := range []struct {
		want  string
		spoil func(p *optimize.Problem, c *optimize.Config)
	}{
		{"no genes", func(p *optimize.Problem, _ *optimize.Config) { p.Genes = nil }},
		{"gene 1 has 0 choices", func(p *optimize.Problem, _ *optimize.Config) {
			p.Genes = []int{2,
				0}
		}},
		{"gene 0 has 65537 choices", func(p *optimize.Problem,
			_ *optimize.Config) {
			p.Genes = []int{65537}
		}},
		{"has 0 objectives", func(p *optimize.Problem, _ *optimize.Config) { p.Objectives = 0 }},
		{"no Evaluate", func(p *optimize.Problem, _ *optimize.Config) { p.Evaluate = nil }},
		{"seed 1: candidate has 2 genes, the space has 12", func(p *optimize.Problem,
			_ *optimize.Config) {
			p.Seeds = []optimize.Genes{make(optimize.Genes, 12), {1, 2}}
		}},
		{"seed 0: candidate [3 0 0 0 0 0 0 0 0 0 0 0]: gene 0 is 3", func(p *optimize.Problem,
			_ *optimize.Config) {
			p.Seeds = []optimize.Genes{{0: 3, 11: 0}}
		}},
		{"2 seeds, but", func(p *optimize.Problem, c *optimize.Config) {
			p.Seeds, c.Evaluations = []optimize.Genes{make(optimize.Genes, 12),
				make(optimize.Genes, 12)}, 1
		}},
		{"Canonical left the space", func(p *optimize.Problem,
			_ *optimize.Config) {
			p.Canonical = func(g optimize.Genes) { g[3] = 9 }
		}},
		{"not idempotent", func(p *optimize.Problem, _ *optimize.Config) {
			p.Canonical = func(g optimize.Genes) { g[3] = (g[3] + 1) % 3 }
		}},
		{"Evaluations is 0", func(_ *optimize.Problem, c *optimize.Config) { c.Evaluations = 0 }},
		{"Evaluations is -2", func(_ *optimize.Problem, c *optimize.Config) { c.Evaluations = -2 }},
		{"Evaluations is", func(_ *optimize.Problem,
			c *optimize.Config) {
			c.Evaluations = math.MaxInt
		}},
		{"Population is 0", func(_ *optimize.Problem, c *optimize.Config) { c.Population = 0 }},
		{"Restarts is -2", func(_ *optimize.Problem, c *optimize.Config) { c.Restarts = -2 }},
		{"Top is 0", func(_ *optimize.Problem, c *optimize.Config) { c.Top = 0 }},
		{"Top is -3", func(_ *optimize.Problem, c *optimize.Config) { c.Top = -3 }},
		{"MutationRate is -0.1", func(_ *optimize.Problem,
			c *optimize.Config) {
			c.MutationRate = -0.1
		}},
		{"MutationRate is NaN", func(_ *optimize.Problem,
			c *optimize.Config) {
			c.MutationRate = math.NaN()
		}},
		{"CrossoverRate is 1.5", func(_ *optimize.Problem,
			c *optimize.Config) {
			c.CrossoverRate = 1.5
		}},
		{"LocalShare is 2", func(_ *optimize.Problem, c *optimize.Config) { c.LocalShare = 2 }},
	} {
		p, c := good, given(optimize.Config{Evaluations: 1000})
		test.spoil(&p, &c)
		if _, err := optimize.Minimize(t.Context(), p, c); err == nil ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, expected %q", err, test.want)
		}
	}
}

// TestComplete: what Auto becomes is what a run then takes, and a problem that is none is refused
// before anything is derived from it.
func TestComplete(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.3, 1)
	config := given(optimize.Config{Seed: 3, Evaluations: 4000})
	full, err := config.Complete(k.problem(1))
	if err != nil || full.Population != 100 || full.MutationRate != 1./12 || full.Restarts != 2 ||
		full.Evaluations != 4000 {
		t.Errorf("%+v (%v)", full, err)
	}
	a, err := optimize.Minimize(t.Context(), k.problem(1), config)
	if err != nil {
		t.Fatal(err)
	}
	b, err := optimize.Minimize(t.Context(), k.problem(1), full)
	if err != nil {
		t.Fatal(err)
	}
	sameResult(t, a, b)
	if _, err := config.Complete(optimize.Problem{}); err == nil || !strings.Contains(err.Error(),
		"no genes") {
		t.Errorf("an empty problem: %v", err)
	}
}

func TestProgress(t *testing.T) {
	k := newKnapsack(repeat(12, 3), 12, 0.05, 1)
	var last optimize.Progress
	config := given(optimize.Config{Evaluations: 3000, Top: 3, Progress: func(p optimize.Progress) {
		if p.Evaluations <= last.Evaluations || p.Budget != 3000 || p.Found < last.Found ||
			p.Best == nil != (p.Found == 0) {
			t.Errorf("%+v follows %+v", p, last)
		}
		if last.Best != nil && p.Best[0] > last.Best[0] {
			t.Errorf("best rises from %v to %v", last.Best, p.Best)
		}
		last = p
	}})
	r, err := optimize.Minimize(t.Context(), k.problem(1), config)
	if err != nil {
		t.Fatal(err)
	}
	if last.Evaluations != r.Evaluations || last.Found != 3 ||
		last.Best[0] != r.Best[0].Objectives[0] {
		t.Errorf("last progress is %+v", last)
	}
}

func TestStatusNames(t *testing.T) {
	for status, want := range map[optimize.Status]string{
		optimize.Exhausted: "exhausted", optimize.BudgetSpent: "budget spent",
		optimize.Converged: "converged",
		optimize.Cancelled: "cancelled", 0: "status 0",
	} {
		if status.String() != want {
			t.Errorf("%q, expected %q", status, want)
		}
	}
}
