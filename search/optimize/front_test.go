package optimize_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// hypervolume is the area that points of two objectives dominate, up to the corner reference.
func hypervolume(points [][]float64, reference [2]float64) (area float64) {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b []float64) int {
		return cmp.Or(cmp.Compare(a[0], b[0]),
			cmp.Compare(a[1], b[1]))
	})
	ceiling := reference[1]
	for _, p := range points {
		if p[0] < reference[0] && p[1] < ceiling {
			area += (reference[0] - p[0]) * (ceiling - p[1])
			ceiling = p[1]
		}
	}
	return area
}

// trueFront is the Pareto front by brute force, and the worst feasible value of each objective.
func (k *knapsack) trueFront() (front [][]float64, worst [2]float64) {
	var all [][]float64
	point := make([]float64, 2)
	k.each(func(g optimize.Genes) {
		if k.evaluate(g, point) > 0 {
			return
		}
		if len(all) == 0 {
			worst = [2]float64(point)
		}
		worst = [2]float64{max(worst[0], point[0]), max(worst[1], point[1])}
		all = append(all, slices.Clone(point))
	})
	slices.SortFunc(all, slices.Compare)
	for _, p := range all {
		if len(front) == 0 || p[1] < front[len(front)-1][1] {
			front = append(front, p)
		}
	}
	return front, worst
}

func objectives(candidates []optimize.Candidate) (points [][]float64) {
	for _, c := range candidates {
		points = append(points, c.Objectives)
	}
	return points
}

// TestMinimizeFindsTheFront compares with brute force in spaces of 531,441 points, 30 % of them
// feasible.
func TestMinimizeFindsTheFront(t *testing.T) {
	instances := uint64(5)
	if testing.Short() {
		instances = 1
	}
	for _, test := range []struct {
		name         string
		interactions int
		ratio        float64 // of hypervolumes, that every run must reach
	}{
		{"additive", 0, 0.9999},
		{"interactions", 18, 0.999},
		{"rugged", 36, 0.98},
	} {
		t.Run(test.name, func(t *testing.T) {
			lowest, highest := 1.0, 0.0
			for instance := range instances {
				k := newKnapsack(repeat(12, 3), test.interactions, 0.3, instance)
				front, worst := k.trueFront()
				truth := hypervolume(front, worst)
				for seed := range uint64(4) {
					config := given(optimize.Config{Evaluations: 4000, Seed: seed})
					r, err := optimize.Minimize(t.Context(), k.problem(2), config)
					if err != nil {
						t.Fatal(err)
					}
					baseline, err := optimize.Random(t.Context(), k.problem(2), config)
					if err != nil {
						t.Fatal(err)
					}
					if r.Evaluations > 4000 || baseline.Evaluations != 4000 {
						t.Fatalf("%d and %d evaluations, expected at most and exactly 4000",
							r.Evaluations, baseline.Evaluations)
					}
					lowest = min(lowest, hypervolume(objectives(r.Best), worst)/truth)
					highest = max(highest, hypervolume(objectives(baseline.Best), worst)/truth)
				}
			}
			t.Logf("hypervolume at least %.5f, of random search at most %.3f", lowest, highest)
			if lowest < test.ratio {
				t.Errorf("a front has %.5f of the true hypervolume, expected %.5f", lowest,
					test.ratio)
			}
			if highest > lowest-0.05 {
				t.Errorf("random search reaches %.3f, which is not clearly worse than %.3f",
					highest, lowest)
			}
		})
	}
}
