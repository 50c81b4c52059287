package supernet

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
)

// BenchmarkLeNetStep is a training step of the published networks on a batch of 100: forward,
// backward, and plain descent along the gradient. GFLOP/s count what must be computed: no gradient
// of the images.
func BenchmarkLeNetStep(b *testing.B) {
	for _, name := range PublishedNames() {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d", name, workers),
				func(b *testing.B) { benchmarkStep(b, name, workers) })
		}
	}
}

func benchmarkStep(b *testing.B, name string, workers int) {
	const n = 100
	blocks, err := Published(name)
	if err != nil {
		b.Fatal(err)
	}
	s, err := NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		b.Fatal(err)
	}
	weights.EnableTraining(s)
	pool := nn.NewPool(workers)
	defer pool.Close()
	r := s.runner(pool)
	r.Bind(blocks, n, nn.Train)
	// of real data no processor guesses which value of a window is the largest
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range r.Input() {
		r.Input()[i] = rnd.Float32()
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Forward()
		for i := range r.LogitGrad() {
			r.LogitGrad()[i] = float32(i%5-2) / n
		}
		r.Backward()
		for _, p := range weights.Params(s) {
			for i, g := range p.Grad {
				p.Data[i] -= 1e-6 * g
			}
			clear(p.Grad)
		}
	}
	flop := n * 2 * float64(3*MACs(blocks)-blocks[0].MACs())
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(n*float64(b.N)/seconds, "img/s")
	b.ReportMetric(flop*float64(b.N)/seconds/1e9, "GFLOP/s")
}
