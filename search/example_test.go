package search_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/search"
)

// layers is a network of four stages, each with 0 to 4 more layers: deeper is more accurate, later stages are cheaper, and at most
// limit ms are allowed.
func layers(limit float64) search.Problem {
	return search.Problem{
		Genes: []int{5, 5, 5, 5}, Objectives: 1,
		Evaluate: func(_ context.Context, batch []search.Genes, out []search.Evaluation) error {
			for i, g := range batch {
				loss, latency := 1.0, 3.0
				for stage, more := range g {
					loss -= 0.02 * float64(more) * float64(4-int(more)/2)
					latency += float64(more) * float64(4-stage) / 2
				}
				out[i].Objectives[0] = loss
				out[i].Violation = max(0, latency/limit-1)
			}
			return nil
		},
	}
}

func ExampleMinimize() {
	config := search.Defaults()
	config.Seed = 1
	r, err := search.Minimize(context.Background(), layers(10), config)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %v with a loss of %.2f, %d of %d feasible\n",
		r.Status, r.Best[0].Genes, r.Best[0].Objectives[0], r.Feasible, r.Evaluations)
	// Output: exhausted: [1 1 2 3] with a loss of 0.54, 158 of 625 feasible
}

func ExampleInfeasibleError() {
	config := search.Defaults()
	config.Seed = 1
	_, err := search.Minimize(context.Background(), layers(2), config)
	var infeasible *search.InfeasibleError
	if errors.As(err, &infeasible) {
		fmt.Println(err)
		fmt.Println("nearest:", infeasible.Least.Genes)
	}
	// Output:
	// search: no feasible candidate in the whole space of 625; the nearest one exceeds the constraints by 0.5 (relative): loosen them
	// nearest: [0 0 0 0]
}
