package optimize_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// knapsack is a space whose truth can be found by looking at every point: value is a sum over genes
// and over pairs of genes, cost a sum over genes, and cost may not exceed limit.
type knapsack struct {
	genes       []int
	value, cost [][]float64 // (gene, choice)
	pairs       []pair
	limit       float64
	canonical   func(optimize.Genes)
}

// pair is an interaction: what the combination of two genes adds to the value.
type pair struct {
	a, b  int
	bonus [][]float64
}

// newKnapsack draws a problem in which about the given share of all points is feasible. Choices
// that cost more tend to be worth more, so that the limit binds.
func newKnapsack(genes []int, interactions int, share float64, seed uint64) *knapsack {
	rng := rand.New(rand.NewPCG(seed, 1))
	k := &knapsack{genes: genes}
	for _, n := range genes {
		cost, value := make([]float64, n), make([]float64, n)
		for v := range n {
			cost[v] = rng.Float64() + float64(v)
			value[v] = cost[v] + rng.Float64()
		}
		k.cost, k.value = append(k.cost, cost), append(k.value, value)
	}
	for range interactions {
		p := pair{a: rng.IntN(len(genes)), b: rng.IntN(len(genes))}
		for range genes[p.a] {
			bonus := make([]float64, genes[p.b])
			for v := range bonus {
				bonus[v] = rng.NormFloat64()
			}
			p.bonus = append(p.bonus, bonus)
		}
		k.pairs = append(k.pairs, p)
	}
	k.limit = k.quantile(share, rng)
	return k
}

// quantile samples the cost that the given share of points does not exceed.
func (k *knapsack) quantile(share float64, rng *rand.Rand) float64 {
	costs := make([]float64, 4000)
	g := make(optimize.Genes, len(k.genes))
	for i := range costs {
		for j, n := range k.genes {
			g[j] = uint16(rng.IntN(n))
		}
		costs[i] = k.costOf(g)
	}
	slices.Sort(costs)
	return costs[int(share*float64(len(costs)))]
}

func (k *knapsack) costOf(g optimize.Genes) (sum float64) {
	for i, v := range g {
		sum += k.cost[i][v]
	}
	return sum
}

func (k *knapsack) valueOf(g optimize.Genes) (sum float64) {
	for i, v := range g {
		sum += k.value[i][v]
	}
	for _, p := range k.pairs {
		sum += p.bonus[g[p.a]][g[p.b]]
	}
	return sum
}

// evaluate is what the problem says of g: one objective is -value, the second cost.
func (k *knapsack) evaluate(g optimize.Genes, objectives []float64) (violation float64) {
	cost := k.costOf(g)
	objectives[0] = -k.valueOf(g)
	if len(objectives) > 1 {
		objectives[1] = cost
	}
	if len(objectives) > 2 {
		objectives[2] = float64(g[0]) - k.value[1][g[1]]
	}
	return max(0, cost/k.limit-1)
}

func (k *knapsack) problem(objectives int) optimize.Problem {
	return optimize.Problem{
		Genes: k.genes, Objectives: objectives, Canonical: k.canonical,
		Evaluate: func(_ context.Context, batch []optimize.Genes, out []optimize.Evaluation) error {
			for i, g := range batch {
				out[i].Violation = k.evaluate(g, out[i].Objectives)
			}
			return nil
		},
	}
}

// each calls visit with every canonical point of the space, always in the same slice.
func (k *knapsack) each(visit func(g optimize.Genes)) {
	g := make(optimize.Genes, len(k.genes))
	for {
		if k.isCanonical(g) {
			visit(g)
		}
		i := len(g) - 1
		for ; i >= 0 && int(g[i]) == k.genes[i]-1; i-- {
			g[i] = 0
		}
		if i < 0 {
			return
		}
		g[i]++
	}
}

func (k *knapsack) isCanonical(g optimize.Genes) bool {
	if k.canonical == nil {
		return true
	}
	c := slices.Clone(g)
	k.canonical(c)
	return slices.Equal(c, g)
}

// optimum is the smallest feasible objective, and the largest for scale.
func (k *knapsack) optimum() (best, worst float64) {
	first := true
	value := make([]float64, 1)
	k.each(func(g optimize.Genes) {
		if k.evaluate(g, value) > 0 {
			return
		}
		if first {
			best, worst, first = value[0], value[0], false
		}
		best, worst = min(best, value[0]), max(worst, value[0])
	})
	return best, worst
}

// stages makes the space one whose genes may not matter: each of n stages has a depth gene with 3
// choices, and of its 3 layers with c choices each only the first 1 + depth matter.
func stages(n, c int) (genes []int, canonical func(optimize.Genes)) {
	for range n {
		genes = append(genes, 3, c, c, c)
	}
	return genes, func(g optimize.Genes) {
		for i := 0; i < len(g); i += 4 {
			for layer := int(g[i]) + 1; layer < 3; layer++ {
				g[i+1+layer] = 0
			}
		}
	}
}

func repeat(n, choices int) []int { return slices.Repeat([]int{choices}, n) }

// sameResult fails the test if two results differ in a single bit, what was evaluated on the way
// included.
func sameResult(t *testing.T, a, b *optimize.Result) {
	t.Helper()
	text := func(r *optimize.Result) string {
		return fmt.Sprintf("%b %d %d %b %v\n%b", r.Best, r.Evaluations, r.Feasible, r.History,
			r.Status, slices.Collect(r.All()))
	}
	if x, y := text(a), text(b); x != y {
		t.Fatalf("results differ:\n%s\n%s", x, y)
	}
}
