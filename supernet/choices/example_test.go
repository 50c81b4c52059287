package choices_test

import (
	"fmt"
	"log"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

func countMACs(b supernet.Block) float64   { return float64(b.MACs()) }
func countParams(b supernet.Block) float64 { return float64(b.Params()) }

// MACs are a sum over blocks, so that the smallest number is known without a search.
func ExampleNewAdditive() {
	space, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		log.Fatal(err)
	}
	macs, err := choices.NewAdditive(space, countMACs)
	if err != nil {
		log.Fatal(err)
	}
	smallest, n := macs.Min()
	largest := macs.Sum(space.Max())
	fmt.Printf("%.1f M at resolution %d, %.1f M at most\n", n/1e6, smallest.Resolution, largest/1e6)
	// Output: 41.5 M at resolution 128, 566.2 M at most
}

// No network of at most 150 million MACs has more parameters than this: at a higher resolution
// fewer.
func ExampleRegion() {
	space, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		log.Fatal(err)
	}
	macs, err := choices.NewAdditive(space, countMACs)
	if err != nil {
		log.Fatal(err)
	}
	params, err := choices.NewAdditive(space, countParams)
	if err != nil {
		log.Fatal(err)
	}
	for _, resolution := range []int{160, 192, 224} {
		budgets := []choices.Budget{{Cost: macs.Affine(resolution), Limit: 150e6}}
		within := choices.NewRegion(space, resolution).Within(budgets)
		value := params.Affine(resolution)
		fmt.Printf("%d px: %.2f M\n", resolution, within.Max(&value)/1e6)
	}
	// Output:
	// 160 px: 7.16 M
	// 192 px: 6.25 M
	// 224 px: 4.93 M
}
