package trainer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// BenchmarkDepSStep is a whole step of DepS in full force on mbv3-cifar, batch 64: four networks,
// their losses, one move of the weights.
func BenchmarkDepSStep(b *testing.B) {
	space, err := supernet.LoadSpace("mbv3-cifar")
	if err != nil {
		b.Fatal(err)
	}
	c := changed(b, func(c *Config) { c.Batch, c.Seed = 64, 1 })
	batch := &data.Batch{N: 64, Size: 32, Channels: 3, X: make([]float32, 64*32*32*3),
		Labels: make([]int32, 64)}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range batch.X {
		batch.X[i] = float32(r.NormFloat64())
	}
	for i := range batch.Labels {
		batch.Labels[i] = int32(r.IntN(10))
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("%d workers", workers), func(b *testing.B) {
			pool := nn.NewPool(workers)
			defer pool.Close()
			s := newStepper(c, supernet.New(space, 1), pool)
			lessons := sandwich(c, space, 1)
			s.step(b.Context(), 1, batch, lessons, 0.01) // memory for all of them
			b.ReportAllocs()
			for b.Loop() {
				s.step(b.Context(), 1, batch, lessons, 0.01)
			}
			b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds(), "img/s")
		})
	}
}
