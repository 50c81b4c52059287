package data_test

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
)

func ExampleOpen() {
	d, err := data.Open("synthetic", data.Options{Train: 500, Test: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Name, d.Train.Len(), d.Val.Len(), d.Test.Len(), d.Classes[d.Test.Label(3)])
	// Output: synthetic 450 50 100 cross
}

func ExampleLoader_Epoch() {
	d, err := data.Open("synthetic", data.Options{Train: 100, Test: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := data.NewLoader(d.Train, d.Size, d.Channels, data.LoaderConfig{Batch: 32,
		Shuffle: true, Transform: d.DefaultTransform()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for batch, err := range l.Epoch(context.Background(), 0, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(batch.Index, batch.N, len(batch.X))
	}
	// Output:
	// 0 32 98304
	// 1 32 98304
	// 2 26 79872
}
