package optimize

import (
	"context"
	"slices"
	"testing"
	"time"
)

// TestGuidedRepairEnds where each of two changes saves something and both together cost more, there
// and back.
func TestGuidedRepairEnds(t *testing.T) {
	cost := func(g Genes) float64 {
		return [2][2]float64{{1.5, 1.2}, {1.2, 1.6}}[g[1]][g[2]] - float64(g[0])
	}
	p := Problem{Genes: []int{2, 2, 2}, Objectives: 1,
		Evaluate: func(_ context.Context, batch []Genes, out []Evaluation) error {
			for i, g := range batch {
				out[i].Objectives[0], out[i].Violation = -cost(g), max(0, cost(g)-1)
			}
			return nil
		},
		Guide: &Guide{Choices: []uint16{0, 1}, Groups: [][]int{{0}, {1}, {2}}, Constraints: 1,
			Near: func(near []*Near) error {
				for _, n := range near {
					n.Changes, n.Rises, n.Costs = nil, nil, nil
					n.Own = []float64{cost(n.Base)}
					for i, v := range n.Base {
						c := Change{Genes: []int{i}, To: []uint16{1 - v}}
						g := slices.Clone(n.Base)
						c.Apply(g)
						n.Changes, n.Rises = append(n.Changes, c), append(n.Rises, 0)
						n.Costs = append(n.Costs, cost(g)-n.Own[0])
					}
				}
				return nil
			},
			Costs: func(batch []Genes, out []float64) error {
				for i, g := range batch {
					out[i] = cost(g)
				}
				return nil
			},
		}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := Defaults()
	c.Evaluations = 5 // of 8 candidates, of which 4 are within the limit
	for c.Seed = range uint64(8) {
		r, err := Minimize(ctx, p, c)
		if err != nil {
			t.Fatal(err)
		}
		if r.Best[0].Violation > 0 {
			t.Errorf("seed %d: %v", c.Seed, r.Best[0])
		}
	}
}
