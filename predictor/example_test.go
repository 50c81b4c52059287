package predictor_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// A device that takes 1 ms for 10 million multiply-accumulates, 0.01 ms for every block, and 2 ms
// for every network besides.
func ExampleFitLatency() {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		log.Fatal(err)
	}
	ms := func(b supernet.Block) float64 { return 0.01 + float64(b.MACs())/1e7 }
	var blocks []predictor.BlockTime
	var networks []predictor.NetworkTime
	r := rand.New(rand.NewPCG(1, 0))
	for range 200 {
		a, whole := space.Random(r), 2.0
		for _, b := range space.Blocks(a) {
			blocks = append(blocks, predictor.BlockTime{Block: b, MS: ms(b)})
			whole += ms(b)
		}
		networks = append(networks, predictor.NetworkTime{Arch: a, MS: whole})
	}
	l, err := predictor.FitLatency(space, blocks, networks[:20], regress.Defaults())
	if err != nil {
		log.Fatal(err)
	}
	predicted, err := l.Predict([]supernet.Arch{space.Max()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f ms + %.2f x blocks, %.0f %% held-out error\n", l.Intercept, l.Slope,
		100*l.HeldOut.MAPE)
	fmt.Printf("%.2f ms for %.1f M MACs\n", predicted[0],
		float64(supernet.MACs(space.Blocks(space.Max())))/1e6)
	// Output:
	// 2.00 ms + 1.00 x blocks, 0 % held-out error
	// 2.30 ms for 1.8 M MACs
}
