package optimize

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
)

// What OFA's search does (Cai et al., "Once-for-All", ICLR 2020, and its published code).
const (
	baselinePopulation  = 100
	baselineGenerations = 500
	baselineParents     = 25  // a quarter of the population is kept, and all children come from it
	baselineMutants     = 50  // of a generation; as many children are crosses
	baselineRate        = 0.1 // chance of a gene to change in a mutant
	// baselineTries bounds the draws for each child, which in OFA's code are without end.
	baselineTries = 1000
)

// Baseline is the evolutionary search that OFA published, to compare with: 100 random candidates,
// then 500 generations of 50 mutants and 50 uniform crosses of the 25 best so far, each drawn again
// until it is feasible. It uses of Config Seed, Top, Progress and Evaluations, of which Auto is the
// 50,100 that this makes. Those count feasible candidates only, as often as they are drawn, since
// OFA keeps no memory; so do History and Result.Evaluations. Unlike OFA's code it ends where hardly
// anything is feasible, and draws each gene by itself, where that draws kernel and expand ratio of
// a block together.
func Baseline(ctx context.Context, p Problem, c Config) (*Result, error) {
	if c.Evaluations == Auto {
		c.Evaluations = baselinePopulation * (1 + baselineGenerations)
	}
	p.Seeds = nil
	r, err := newRun(ctx, &p, c)
	if err != nil {
		return nil, err
	}
	// Rejected candidates are in the table too.
	r.limit = min(maxEvaluations, baselineTries*c.Evaluations)
	b := &baseline{run: r, rng: r.rand(streamBaseline)}
	status, err := b.evolve()
	result, err := r.finish(status, err)
	if result != nil {
		result.Evaluations, result.History = b.drawn, b.history()
	}
	return result, err
}

// baseline is the state of a run of Baseline. Members of a population are numbers of candidates,
// with repetitions.
type baseline struct {
	run    *run
	rng    *rand.Rand
	drawn  int // feasible candidates
	points []Point
}

func (b *baseline) evolve() (Status, error) {
	population, err := b.draw(baselinePopulation, b.random)
	for err == nil && len(population) > 0 && b.drawn < b.run.config.Evaluations {
		slices.SortStableFunc(population, b.run.table.compare)
		parents := population[:min(baselineParents, len(population))]
		var mutants, crosses []int32
		if mutants, err = b.draw(baselineMutants,
			func(g Genes) { b.mutate(g, b.pick(parents)) }); err != nil {
			break
		}
		crosses, err = b.draw(baselinePopulation-baselineMutants,
			func(g Genes) { b.cross(g, b.pick(parents), b.pick(parents)) })
		if len(mutants)+len(crosses) == 0 {
			return Converged, err
		}
		population = slices.Concat(parents, mutants, crosses)
	}
	if errors.Is(err, errBudget) {
		err = nil
	}
	return BudgetSpent, err
}

// draw makes n feasible candidates, or fewer where too many draws are not. Those of a round are
// evaluated together, and the infeasible ones drawn again in the next.
func (b *baseline) draw(n int, child func(Genes)) ([]int32, error) {
	n = min(n, b.run.config.Evaluations-b.drawn)
	var feasible []int32
	g := make(Genes, len(b.run.problem.Genes))
	for tries := baselineTries * n; len(feasible) < n && tries > 0; {
		var ids []int32
		for range n - len(feasible) {
			child(g)
			tries--
			id, _, err := b.run.propose(g)
			if err != nil {
				return nil, cmp.Or(b.run.flush(), err)
			}
			ids = append(ids, id)
		}
		if err := b.run.flush(); err != nil {
			return nil, err
		}
		for _, id := range ids {
			if b.run.table.violations[id] == 0 {
				feasible = append(feasible, id)
				b.count(id)
			}
		}
	}
	return feasible, nil
}

// count notes a feasible draw, and whether it is better than all before.
func (b *baseline) count(id int32) {
	b.drawn++
	value := b.run.table.valuesAt(id)[0]
	if n := len(b.points); n == 0 || value < b.points[n-1].Best[0] {
		b.points = append(b.points, Point{Evaluations: b.drawn, Feasible: b.drawn,
			Best: []float64{value}})
	}
}

// history ends with where the run ended.
func (b *baseline) history() []Point {
	end := Point{Evaluations: b.drawn, Feasible: b.drawn}
	if n := len(b.points); n > 0 {
		end.Best = b.points[n-1].Best
		if b.points[n-1].Evaluations == b.drawn {
			return b.points
		}
	}
	return append(b.points, end)
}

func (b *baseline) pick(ids []int32) Genes { return b.run.table.at(ids[b.rng.IntN(len(ids))]) }

func (b *baseline) random(g Genes) {
	for i, choices := range b.run.problem.Genes {
		g[i] = uint16(b.rng.IntN(choices))
	}
}

func (b *baseline) mutate(g, parent Genes) {
	copy(g, parent)
	for i, choices := range b.run.problem.Genes {
		if b.rng.Float64() < baselineRate {
			g[i] = uint16(b.rng.IntN(choices))
		}
	}
}

func (b *baseline) cross(g, mother, father Genes) {
	for i := range g {
		g[i] = mother[i]
		if b.rng.IntN(2) == 1 {
			g[i] = father[i]
		}
	}
}
