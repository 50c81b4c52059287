package search_test

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// kernels predicts a top-1 that rises with the width of the kernels. A real one is fitted, by
// package predictor.
type kernels struct{}

func (kernels) Predict(archs []supernet.Arch) ([]float64, error) {
	top1 := make([]float64, len(archs))
	for i, a := range archs {
		for _, k := range a.Kernel {
			top1[i] += float64(k) / 100
		}
	}
	return top1, nil
}

func ExampleFind() {
	space, err := supernet.LoadSpace("mbv3-cifar")
	if err != nil {
		fmt.Println(err)
		return
	}
	query := search.Query{Space: space, Accuracy: kernels{},
		Limits: search.Limits{MACs: 60_000_000}}
	answer, err := search.Find(context.Background(), query, optimize.Defaults())
	if err != nil {
		fmt.Println(err)
		return
	}
	best := answer.Best[0]
	fmt.Printf("%s: top-1 %.2f with %d MACs at resolution %d\n", answer.Status, best.Top1,
		best.MACs, best.Arch.Resolution)
	// Output: budget spent: top-1 0.98 with 57412224 MACs at resolution 32
}
