package optimize

import (
	"context"
	mathrand "math/rand"
	"slices"
	"testing"
)

// testRun is a run in a space of n genes with 4 choices.
func testRun(t *testing.T, n int, evaluate func(Genes) (objective, violation float64)) *run {
	t.Helper()
	p := &Problem{
		Genes: slices.Repeat([]int{4}, n), Objectives: 1,
		Evaluate: func(_ context.Context, batch []Genes, out []Evaluation) error {
			for i, g := range batch {
				out[i].Objectives[0], out[i].Violation = evaluate(g)
			}
			return nil
		},
	}
	c := Defaults()
	c.Evaluations = 10000
	r, err := newRun(t.Context(), p, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestVariationLeavesParentsAlone holds nsga2 to the one thing that eaopt's bookkeeping relies on.
func TestVariationLeavesParentsAlone(t *testing.T) {
	r := testRun(t, 70, func(Genes) (float64, float64) { return 0, 0 })
	r.config.MutationRate = 0.5
	rng := mathrand.New(mathrand.NewSource(1))
	a, b := &genome{run: r, raw: make(Genes, 70)}, &genome{run: r, raw: slices.Repeat(Genes{3}, 70)}
	child := a.Clone().(*genome)
	child.Crossover(b, rng)
	fromB := 0
	for _, v := range child.raw {
		fromB += int(v) / 3
	}
	if fromB < 20 || fromB > 50 || slices.Max(child.raw[64:]) == 0 {
		t.Errorf("%d of 70 genes come from the mate: %v", fromB, child.raw)
	}
	before := slices.Clone(child.raw)
	child.Mutate(rng)
	changed := 0
	for i, v := range child.raw {
		if v > 3 {
			t.Fatalf("mutation left the space: %v", child.raw)
		}
		if v != before[i] {
			changed++
		}
	}
	if changed < 20 || changed > 50 {
		t.Errorf("%d of 70 genes mutated at a rate of one half", changed)
	}
	if !slices.Equal(a.raw, make(Genes, 70)) || !slices.Equal(b.raw, slices.Repeat(Genes{3}, 70)) {
		t.Error("a parent changed")
	}
}

// TestPopulationIsDistinct follows nsga2 through its generations: members never repeat, and elitism
// never loses the best.
func TestPopulationIsDistinct(t *testing.T) {
	r := testRun(t, 10, func(g Genes) (float64, float64) {
		sum := 0.0
		for i, v := range g {
			sum += float64(int(v) * (i%3 - 1))
		}
		return sum, max(0, float64(g[0])-1)
	})
	r.limit = 3000
	end, err := r.evolve(1, []Genes{make(Genes, 10), make(Genes, 10)})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int32]bool{}
	for _, g := range end {
		if id, _ := r.table.find(g.raw); id != g.id || seen[id] {
			t.Errorf("member %v is number %d or a repetition", g.raw, id)
		}
		seen[g.id] = true
	}
	if len(end) != r.config.Population || end[0].id != r.top() {
		t.Errorf("%d members, best is %d, expected %d and %d", len(end), end[0].id,
			r.config.Population, r.top())
	}
}
