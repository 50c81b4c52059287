package supernet

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
)

// BenchmarkStep is forward and backward of a largest network on a batch of 64.
func BenchmarkStep(b *testing.B) {
	for _, name := range []string{"mbv3-tiny", "mbv3-cifar", "../tools/bench/step/mbconv.yaml"} {
		for _, workers := range []int{1, 2} {
			b.Run(name+"/"+string(rune('0'+workers)), func(b *testing.B) {
				space, err := LoadSpace(name)
				if err != nil {
					b.Fatal(err)
				}
				pool := nn.NewPool(workers)
				defer pool.Close()
				s := New(space, 1)
				r := s.runner(pool)
				blocks := space.Blocks(space.Max())
				r.Bind(blocks, 64, nn.Train)
				for i := range r.Input() {
					r.Input()[i] = float32(i%17) / 17
				}
				for b.Loop() {
					r.Forward()
					for i := range r.LogitGrad() {
						r.LogitGrad()[i] = float32(i%5-2) / 64
					}
					r.Backward()
				}
				b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds(), "img/s")
				b.ReportMetric(64*6*float64(MACs(blocks))*float64(b.N)/b.Elapsed().Seconds()/1e9,
					"GFLOP/s")
				b.ReportAllocs()
			})
		}
	}
}
