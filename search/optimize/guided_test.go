package optimize

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// knapsack is a problem with pairs that act on each other, two constraints, and a gene that changes
// what the others are worth. Its guide knows what single genes are worth, not the pairs.
func knapsack(seed uint64, genes, choices int, limit float64) Problem {
	r := rand.New(rand.NewPCG(seed, 0))
	table := func() [][]float64 {
		t := make([][]float64, genes)
		for i := range t {
			t[i] = make([]float64, choices)
			for v := range t[i] {
				t[i][v] = float64(v) * (0.5 + r.Float64())
			}
		}
		return t
	}
	worth, costs := table(), [2][][]float64{table(), table()}
	pair := make([][]float64, genes)
	for i := range pair {
		pair[i] = make([]float64, choices*choices)
		for v := range pair[i] {
			pair[i][v] = 0.7 * r.NormFloat64()
		}
	}
	single := func(g Genes) (sum float64) {
		for i, v := range g {
			sum -= worth[i][v] * (1 + 0.2*float64(g[0]))
		}
		return sum
	}
	cost := func(g Genes, out []float64) {
		for c := range costs {
			out[c] = 0
			for i, v := range g {
				out[c] += costs[c][i][v] / limit
			}
		}
	}
	sizes, groups := make([]int, genes), make([][]int, genes)
	for i := range sizes {
		sizes[i], groups[i] = choices, []int{i}
	}
	return Problem{Genes: sizes, Objectives: 1,
		Evaluate: func(_ context.Context, batch []Genes, out []Evaluation) error {
			for k, g := range batch {
				v := single(g)
				for i := range g {
					v -= pair[i][int(g[i])*choices+int(g[(i+1)%genes])]
				}
				var c [2]float64
				cost(g, c[:])
				out[k].Objectives[0] = v
				out[k].Violation = max(0, c[0]-1) + max(0, c[1]-1)
			}
			return nil
		},
		Guide: &Guide{Apart: 0, Choices: []uint16{0, 1, 2}, Groups: groups, Constraints: 2,
			Near: func(near []*Near) error {
				for _, n := range near {
					n.Changes, n.Rises, n.Costs = nil, nil, nil
					n.Own = make([]float64, 2)
					cost(n.Base, n.Own)
					for i := range n.Base {
						for v := range choices {
							if uint16(v) == n.Base[i] {
								continue
							}
							c := Change{Genes: []int{i}, To: []uint16{uint16(v)}}
							g, own := slices.Clone(n.Base), make([]float64, 2)
							c.Apply(g)
							cost(g, own)
							n.Changes = append(n.Changes, c)
							n.Rises = append(n.Rises, single(g)-single(n.Base))
							n.Costs = append(n.Costs, own[0]-n.Own[0], own[1]-n.Own[1])
						}
					}
				}
				return nil
			},
			Costs: func(batch []Genes, out []float64) error {
				for i, g := range batch {
					cost(g, out[2*i:])
				}
				return nil
			},
		}}
}

// TestGuidedFindsTheBest compares with the best of all candidates.
func TestGuidedFindsTheBest(t *testing.T) {
	for seed := range uint64(6) {
		p := knapsack(seed, 10, 3, 7) // 59,049 candidates
		c := Defaults()
		c.Seed, c.Evaluations = seed, 60_000
		best, err := Minimize(t.Context(), p, c)
		if err != nil || best.Status != Exhausted {
			t.Fatal(best, err)
		}
		c.Evaluations = 6000
		found, err := Minimize(t.Context(), p, c)
		if err != nil {
			t.Fatal(err)
		}
		if found.Evaluations > 6000 || found.Status == Exhausted ||
			found.Best[0].Objectives[0] != best.Best[0].Objectives[0] {
			t.Errorf("seed %d: %v (%v) after %d, the best is %v", seed, found.Best[0], found.Status,
				found.Evaluations, best.Best[0])
		}
		for i, b := range found.Best {
			if b.Violation > 0 || i > 0 && b.Objectives[0] < found.Best[i-1].Objectives[0] {
				t.Errorf("seed %d: the %d-th best is %v", seed, i+1, b)
			}
		}
		again, err := Minimize(t.Context(), p, c)
		if err != nil || fmt.Sprint(again.Best) != fmt.Sprint(found.Best) ||
			again.Evaluations != found.Evaluations {
			t.Errorf("seed %d: not the same again (%v)", seed, err)
		}
	}
}

// TestGuidedKeepsManyParents: in a space of few genes, optima that differ in some of these only are
// parents all the same. With a few of them a run ended at one of the best few.
func TestGuidedKeepsManyParents(t *testing.T) {
	for _, instance := range []uint64{3, 8} {
		p := knapsack(instance, 12, 3, 8) // 531,441 candidates
		c := Defaults()
		c.Evaluations = 600_000
		best, err := Minimize(t.Context(), p, c)
		if err != nil || best.Status != Exhausted {
			t.Fatal(best, err)
		}
		c.Evaluations = 40_000
		for c.Seed = range uint64(8) {
			found, err := Minimize(t.Context(), p, c)
			if err != nil {
				t.Fatal(err)
			}
			if found.Best[0].Objectives[0] != best.Best[0].Objectives[0] {
				t.Errorf("instance %d, seed %d: %v after %d, the best is %v", instance, c.Seed,
					found.Best[0], found.Evaluations, best.Best[0])
			}
		}
	}
}

// TestGuidedByJoint: where a guide knows what changes are worth together, a run needs fewer
// evaluations, and gives the same again.
func TestGuidedByJoint(t *testing.T) {
	for seed := range uint64(6) {
		p := knapsack(seed, 10, 3, 7)
		c := Defaults()
		c.Seed, c.Evaluations = seed, 60_000
		best, err := Minimize(t.Context(), p, c)
		if err != nil || best.Status != Exhausted {
			t.Fatal(best, err)
		}
		knowsJoint(&p)
		c.Evaluations = 1500
		found, err := Minimize(t.Context(), p, c)
		if err != nil || found.Evaluations > 1500 ||
			found.Best[0].Objectives[0] != best.Best[0].Objectives[0] {
			t.Errorf("seed %d: %v after %d, the best is %v (%v)", seed, found.Best[0],
				found.Evaluations, best.Best[0], err)
		}
		again, err := Minimize(t.Context(), p, c)
		if err != nil || fmt.Sprint(again.Best) != fmt.Sprint(found.Best) {
			t.Errorf("seed %d: not the same again (%v)", seed, err)
		}
	}
}

// knowsJoint has the guide of a problem evaluate what Near.Joint is asked.
func knowsJoint(p *Problem) {
	near := p.Guide.Near
	value := func(g Genes) float64 {
		out := []Evaluation{{Objectives: make([]float64, 1)}}
		_ = p.Evaluate(context.Background(), []Genes{g}, out) // a knapsack's does not fail
		return out[0].Objectives[0]
	}
	p.Guide.Joint = true
	p.Guide.Near = func(all []*Near) error {
		for _, n := range all {
			n.Joint = func(sets [][]int, out []float64) {
				for i, set := range sets {
					g := slices.Clone(n.Base)
					for _, at := range set {
						n.Changes[at].Apply(g)
					}
					out[i] = value(g) - value(n.Base)
				}
			}
		}
		return near(all)
	}
}

// twofold is a knapsack whose second cost is the second objective.
func twofold(seed uint64) Problem {
	p := knapsack(seed, 10, 3, 7)
	p.Objectives = 2
	evaluate := p.Evaluate
	p.Evaluate = func(ctx context.Context, batch []Genes, out []Evaluation) error {
		costs := make([]float64, 2*len(batch))
		if err := p.Guide.Costs(batch, costs); err != nil {
			return err
		}
		for i := range out {
			out[i].Objectives[1] = costs[2*i+1]
		}
		return evaluate(ctx, batch, out)
	}
	p.Guide.Least = 0.1
	return p
}

// TestGuidedFront compares with the front of all candidates: what the guided one has within each of
// its costs.
func TestGuidedFront(t *testing.T) {
	found, all := 0, 0
	for seed := range uint64(4) {
		p, c := twofold(seed), Defaults()
		c.Seed, c.Evaluations = seed, 60_000
		exact, err := Minimize(t.Context(), p, c)
		if err != nil || exact.Status != Exhausted {
			t.Fatal(exact, err)
		}
		c.Evaluations = 8000
		guided, err := Minimize(t.Context(), p, c)
		if err != nil || guided.Evaluations > 8000 || guided.Status == Exhausted {
			t.Fatal(guided, err)
		}
		again, err := Minimize(t.Context(), p, c)
		if err != nil || fmt.Sprint(again.Best) != fmt.Sprint(guided.Best) {
			t.Errorf("seed %d: not the same again (%v)", seed, err)
		}
		for _, want := range exact.Best {
			if want.Objectives[1] < p.Guide.Least {
				continue
			}
			all++
			if slices.ContainsFunc(guided.Best, func(b Candidate) bool {
				return b.Objectives[0] <= want.Objectives[0] &&
					b.Objectives[1] <= want.Objectives[1]
			}) {
				found++
			}
		}
	}
	if found < all*9/10 {
		t.Errorf("%d of %d points of the fronts", found, all)
	}
	t.Logf("%d of %d points of the fronts", found, all)
}

// TestPoolOfAFront: an optimum is a parent if fewer than so many are better at no more cost, and
// none of these is akin.
func TestPoolOfAFront(t *testing.T) {
	p := twofold(1)
	r, err := newRun(t.Context(), &p, Defaults())
	if err != nil {
		t.Fatal(err)
	}
	m := &memetic{guide: &guide{Guide: p.Guide, run: r, rng: r.rand(streamLocal)}}
	for range 400 {
		g := make(Genes, len(p.Genes))
		m.mutate(g)
		m.mutate(g)
		m.mutate(g)
		id, _, err := r.propose(g)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.flush(); err != nil {
			t.Fatal(err)
		}
		if err := m.settle(id); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.pool) < optima {
		t.Fatalf("%d in the pool", len(m.pool))
	}
	for i, o := range m.pool {
		above := 0
		for _, other := range m.pool[:i] {
			if r.table.compare(other.id, o.id) > 0 {
				t.Fatalf("number %d of the pool is better than one before", i)
			}
			if other.use <= o.use {
				if above++; m.akin(other.id, o.id) {
					t.Errorf("number %d of the pool is akin to a better one that takes less", i)
				}
			}
		}
		if above >= optima || above > o.above {
			t.Errorf("number %d of the pool has %d above, said to be %d", i, above, o.above)
		}
	}
}

// A problem without constraints, one that cannot be met, and the end of a context.
func TestGuidedEnds(t *testing.T) {
	c := Defaults()
	c.Evaluations = 3000
	free := knapsack(1, 10, 3, 7)
	free.Guide.Constraints, free.Guide.Costs = 0, nil
	near := free.Guide.Near
	free.Guide.Near = func(all []*Near) error {
		err := near(all)
		for _, n := range all {
			n.Own, n.Costs = nil, nil
		}
		return err
	}
	evaluate := free.Evaluate
	free.Evaluate = func(ctx context.Context, batch []Genes, out []Evaluation) error {
		err := evaluate(ctx, batch, out)
		for i := range out {
			out[i].Violation = 0
		}
		return err
	}
	if r, err := Minimize(t.Context(), free, c); err != nil || len(r.Best) != 10 {
		t.Errorf("without constraints: %v", err)
	}
	var infeasible *InfeasibleError
	none := knapsack(1, 10, 3, 7)
	costs := none.Guide.Costs
	near = none.Guide.Near
	none.Seeds = []Genes{make(Genes, 10)}
	more := func(out []float64) {
		for i := range out {
			out[i] += 2
		}
	}
	none.Guide.Costs = func(batch []Genes, out []float64) error {
		defer more(out)
		return costs(batch, out)
	}
	none.Guide.Near = func(all []*Near) error {
		err := near(all)
		for _, n := range all {
			more(n.Own)
		}
		return err
	}
	evaluateNone := none.Evaluate
	none.Evaluate = func(ctx context.Context, batch []Genes, out []Evaluation) error {
		err := evaluateNone(ctx, batch, out)
		for i := range out {
			out[i].Violation += 1
		}
		return err
	}
	if _, err := Minimize(t.Context(), none, c); !errors.As(err, &infeasible) {
		t.Errorf("nothing feasible: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ending := knapsack(1, 10, 3, 7)
	evaluateEnding, n := ending.Evaluate, 0
	ending.Evaluate = func(ctx context.Context, batch []Genes, out []Evaluation) error {
		if n += len(batch); n > 300 {
			cancel()
		}
		return evaluateEnding(ctx, batch, out)
	}
	r, err := Minimize(ctx, ending, c)
	if !errors.Is(err, context.Canceled) || r == nil || len(r.Best) == 0 || r.Status != Cancelled {
		t.Errorf("cancelled: %v, %v", r, err)
	}
	failing := knapsack(1, 10, 3, 7)
	failing.Guide.Near = func([]*Near) error {
		return errors.ErrUnsupported
	}
	if _, err := Minimize(t.Context(), failing, c); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a guide that fails: %v", err)
	}
}

func TestGuideIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Problem){
		"objectives":  func(p *Problem) { p.Objectives = 3 },
		"no least":    func(p *Problem) { p.Objectives = 2 },
		"no function": func(p *Problem) { p.Guide.Near = nil },
		"no costs":    func(p *Problem) { p.Guide.Costs = nil },
		"apart":       func(p *Problem) { p.Guide.Apart = 10 },
		"choices":     func(p *Problem) { p.Guide.Choices = nil },
		"twice":       func(p *Problem) { p.Guide.Groups = append(p.Guide.Groups, []int{3}) },
		"missing":     func(p *Problem) { p.Guide.Groups = p.Guide.Groups[1:] },
	} {
		p := knapsack(1, 10, 3, 7)
		change(&p)
		if _, err := Minimize(t.Context(), p, Defaults()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What one change saves makes room for others: where singles lead nowhere, triples do.
func TestTriples(t *testing.T) {
	of := func(gene int, gain, cost float64) change {
		return change{genes: []uint64{1 << gene}, gain: gain, costs: []float64{cost}, price: cost}
	}
	sets := triples(new(ranking).byWorth([]change{of(0, 3, 0.2), of(1, 3, 0.2), of(2, -5, -0.4)}),
		[]float64{0}, 5)
	if len(sets) != 1 || math.Abs(sets[0].gain-1) > 1e-9 {
		t.Errorf("%+v", sets)
	}
	if two := pairs(new(ranking).byWorth([]change{of(0, 3, 0.2), of(0, 3, -0.2), of(2, -5, -0.4)}),
		[]float64{0}, 5); len(two) != 0 {
		t.Errorf("pairs of one gene, or without a gain: %+v", two)
	}
}

// A chain goes over the constraint, and comes back to it by what saves; it never has two changes of
// one gene, and ends where nothing is worth its price.
func TestChains(t *testing.T) {
	of := func(gene int, gain, cost float64) change {
		return change{genes: []uint64{1 << gene}, gain: gain, costs: []float64{cost}, price: cost}
	}
	all := chains(new(ranking).byWorth([]change{of(0, 3, 0.2), of(1, 3, 0.2), of(1, 1, 0.1),
		of(2, -5, -0.4), of(3, -1, 0.1)}), []float64{0})
	if len(all) != 1 || len(all[0]) != 3 {
		t.Fatalf("%v, expected one chain of three", all)
	}
	gain, cost, genes := 0.0, 0.0, uint64(0)
	for _, c := range all[0] {
		gain, cost, genes = gain+c.gain, cost+c.costs[0], genes|c.genes[0]
	}
	if gain != 1 || cost > slack || genes != 0b111 {
		t.Errorf("a gain of %g at a cost of %g by genes %b", gain, cost, genes)
	}
	free := chains(new(ranking).byWorth([]change{{genes: []uint64{1}, gain: 1},
		{genes: []uint64{2}, gain: 2}, {genes: []uint64{4}, gain: -1}}), nil)
	if len(free) != 1 || len(free[0]) != 2 || free[0][0].gain != 2 {
		t.Errorf("%v without constraints, expected the two that gain", free)
	}
	if none := chains(nil, []float64{0}); len(none) != 0 {
		t.Errorf("%v of nothing", none)
	}
}
