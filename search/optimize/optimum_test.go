package optimize_test

import (
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// TestMinimizeFindsTheOptimum compares with brute force in rugged spaces (about 1.5 interactions a
// gene, as strong as the genes themselves) of which it may evaluate 1 to 13 %. What runs must reach
// is what they reached when this was written, less a margin.
func TestMinimizeFindsTheOptimum(t *testing.T) {
	deep, canonical := stages(3, 3)
	for _, test := range []struct {
		name        string
		genes       []int
		canonical   func(optimize.Genes)
		evaluations int
		// at least this share of runs exact; no run further off than this share of the feasible
		// range
		exact, gap float64
	}{
		{"2^13=8192", repeat(13, 2), nil, 1000, 0.9, 0.02},
		{"5^6=15625", repeat(6, 5), nil, 2000, 0.8, 0.1},
		{"4^8=65536", repeat(8, 4), nil, 2000, 0.8, 0.1},
		{"3^12=531441", repeat(12, 3), nil, 4000, 0.9, 0.05},
		{"39^3=59319 with dormant genes", deep, canonical, 3000, 0.8, 0.05},
	} {
		t.Run(test.name, func(t *testing.T) {
			exact, runs, widest := 0, 0, 0.0
			for instance := range uint64(4) {
				k := newKnapsack(test.genes, len(test.genes)*3/2, 0.3, instance)
				k.canonical = test.canonical
				best, worst := k.optimum()
				for seed := range uint64(8) {
					config := given(optimize.Config{Evaluations: test.evaluations, Seed: seed})
					r, err := optimize.Minimize(t.Context(), k.problem(1), config)
					if err != nil {
						t.Fatal(err)
					}
					if r.Evaluations > test.evaluations || r.Status == optimize.Exhausted {
						t.Fatalf("%v after %d evaluations of %d", r.Status, r.Evaluations,
							test.evaluations)
					}
					runs++
					// Evaluations of the same candidate are the same bits.
					if r.Best[0].Objectives[0] == best {
						exact++
					}
					widest = max(widest, (r.Best[0].Objectives[0]-best)/(worst-best))
				}
			}
			t.Logf("%d of %d runs exact, largest gap %.2f %%", exact, runs, 100*widest)
			if share := float64(exact) / float64(runs); share < test.exact {
				t.Errorf("only %.0f %% of runs were exact, expected %.0f %%", 100*share,
					100*test.exact)
			}
			if widest > test.gap {
				t.Errorf("a run was off by %.1f %% of the range, expected at most %.1f %%",
					100*widest, 100*test.gap)
			}
		})
	}
}
