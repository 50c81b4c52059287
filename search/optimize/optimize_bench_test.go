package optimize_test

import (
	"context"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// BenchmarkMinimize measures the machinery alone: evaluations cost next to nothing, in a space of
// the size of OFA's.
func BenchmarkMinimize(b *testing.B) {
	genes, canonical := stages(11, 3)
	for _, test := range []struct {
		name       string
		objectives int
		minimize   func(context.Context, optimize.Problem, optimize.Config) (*optimize.Result,
			error)
	}{
		{"one objective", 1, optimize.Minimize},
		{"two objectives", 2, optimize.Minimize},
		{"three objectives", 3, optimize.Minimize},
		{"random", 1, optimize.Random},
	} {
		b.Run(test.name, func(b *testing.B) {
			problem := optimize.Problem{Genes: genes, Objectives: test.objectives,
				Canonical: canonical, Evaluate: cheap}
			b.ReportAllocs()
			evaluations := 0
			for b.Loop() {
				r, err := test.minimize(b.Context(), problem,
					given(optimize.Config{Evaluations: 50_000}))
				if err != nil {
					b.Fatal(err)
				}
				evaluations += r.Evaluations
			}
			b.ReportMetric(float64(evaluations)/b.Elapsed().Seconds(), "evaluations/s")
		})
	}
}

// cheap is a sum with a little structure.
func cheap(_ context.Context, batch []optimize.Genes, out []optimize.Evaluation) error {
	for i, g := range batch {
		var sum, cost, odd int
		for j, v := range g {
			sum -= int(v) * (1 + (j*7)%5)
			cost += int(v) * (1 + (j*3)%7)
			odd += int(v) * (j & 1)
		}
		copy(out[i].Objectives, []float64{float64(sum), float64(cost), float64(odd)})
		out[i].Violation = max(0, float64(cost)/150-1)
	}
	return nil
}
