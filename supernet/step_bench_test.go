package supernet

import (
	"fmt"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
)

// BenchmarkStep is forward and backward of a largest network on a batch of 64.
func BenchmarkStep(b *testing.B) {
	for _, name := range []string{"mbv3-tiny", "mbv3-cifar", "../tools/bench/step/mbconv.yaml"} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d", name, workers), func(b *testing.B) {
				space, err := LoadSpace(name)
				if err != nil {
					b.Fatal(err)
				}
				benchmarkSpace(b, space, workers, 64)
			})
		}
	}
}

// BenchmarkActivation is a step of the largest network of mbv3-tiny with one activation
// everywhere, on a batch of 16.
func BenchmarkActivation(b *testing.B) {
	for _, act := range []Act{ReLU, HSwish, SiLU} {
		b.Run(string(act), func(b *testing.B) {
			space, err := LoadSpace("mbv3-tiny")
			if err != nil {
				b.Fatal(err)
			}
			space.Stem.Act, space.Head.Act = act, act
			for i := range space.Stages {
				space.Stages[i].Act = act
			}
			benchmarkSpace(b, space, 1, 16)
		})
	}
}

func benchmarkSpace(b *testing.B, space *Space, workers, batch int) {
	pool := nn.NewPool(workers)
	defer pool.Close()
	s := New(space, 1)
	r := s.runner(pool)
	blocks := space.Blocks(space.Max())
	r.Bind(blocks, batch, nn.Train)
	for i := range r.Input() {
		r.Input()[i] = float32(i%17) / 17
	}
	for b.Loop() {
		r.Forward()
		for i := range r.LogitGrad() {
			r.LogitGrad()[i] = float32(i%5-2) / float32(batch)
		}
		r.Backward()
	}
	images := float64(batch) * float64(b.N)
	b.ReportMetric(images/b.Elapsed().Seconds(), "img/s")
	b.ReportMetric(6*float64(MACs(blocks))*images/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	b.ReportAllocs()
}
