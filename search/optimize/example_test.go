package optimize_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/search/optimize"
)

// item is something to take along, in so many pieces.
type item struct {
	name         string
	worth, grams float64 // of a piece
	least, most  int
}

var items = []item{{"tent", 90, 2100, 1, 1}, {"rope", 35, 900, 0, 2}, {"stove", 50, 700, 0, 1},
	{"bottle", 30, 1000, 1, 3}, {"bar", 8, 120, 0, 9}}

// pack says what is taken along: choice 0 of a gene is the least of its item.
func pack(g optimize.Genes) (pieces []int, worth, grams float64) {
	for i, it := range items {
		n := it.least + int(g[i])
		pieces = append(pieces, n)
		worth += float64(n) * it.worth
		grams += float64(n) * it.grams
	}
	stove, bottles := pieces[2], pieces[3]
	worth += 20 * float64(stove*min(bottles, 2)) // soup
	return pieces, worth, grams
}

// rucksack asks for what is worth most, and if there is a second objective also weighs least, of at
// most limit grams.
func rucksack(objectives int, limit float64) optimize.Problem {
	p := optimize.Problem{Objectives: objectives}
	for _, it := range items {
		p.Genes = append(p.Genes, it.most-it.least+1)
	}
	p.Evaluate = func(_ context.Context, batch []optimize.Genes, out []optimize.Evaluation) error {
		for i, g := range batch {
			_, worth, grams := pack(g)
			copy(out[i].Objectives, []float64{-worth, grams}) // both are minimised
			out[i].Violation = max(0, grams/limit-1)
		}
		return nil
	}
	return p
}

func ExampleMinimize() {
	config := optimize.Defaults()
	config.Seed = 1
	r, err := optimize.Minimize(context.Background(), rucksack(1, 5000), config)
	if err != nil {
		fmt.Println(err)
		return
	}
	pieces, worth, grams := pack(r.Best[0].Genes)
	fmt.Printf("%s, %d of %d feasible; worth %.0f, %.0f g:\n", r.Status, r.Feasible, r.Evaluations,
		worth, grams)
	for i, n := range pieces {
		fmt.Println(n, items[i].name)
	}
	// Output:
	// exhausted, 44 of 180 feasible; worth 262, 4880 g:
	// 1 tent
	// 0 rope
	// 1 stove
	// 1 bottle
	// 9 bar
}

// With several objectives, the best are those that no other beats in all of them.
func ExampleMinimize_front() {
	r, err := optimize.Minimize(context.Background(), rucksack(2, 4000), optimize.Defaults())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range r.Best {
		fmt.Printf("worth %.0f, %.0f g\n", -c.Objectives[0], c.Objectives[1])
	}
	// Output:
	// worth 198, 3920 g
	// worth 190, 3800 g
	// worth 160, 3700 g
	// worth 152, 3580 g
	// worth 144, 3460 g
	// worth 136, 3340 g
	// worth 128, 3220 g
	// worth 120, 3100 g
}

func ExampleInfeasibleError() {
	_, err := optimize.Minimize(context.Background(), rucksack(1, 2500), optimize.Defaults())
	var infeasible *optimize.InfeasibleError
	if errors.As(err, &infeasible) {
		_, _, grams := pack(infeasible.Least.Genes)
		fmt.Println(err)
		fmt.Printf("the lightest weighs %.0f g\n", grams)
	}
	// Output:
	// no feasible candidate in the whole space of 180; the nearest one exceeds the constraints by 0.24 (relative): loosen them
	// the lightest weighs 3100 g
}
