package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkConvolveSparse compares products with weights of which most are zero with dense ones, in
// the shapes of mbv3-cifar's largest network at batch 1. GFLOP/s are those of the dense product,
// whatever was skipped. tools/bench/sparse compares them interleaved.
func BenchmarkConvolveSparse(b *testing.B) {
	for _, s := range []struct{ m, k, n int }{{1024, 16, 96}, {1024, 144, 24}, {256, 40, 240},
		{64, 480, 80}, {64, 112, 672}, {16, 960, 160}, {1, 960, 1280}} {
		for _, isa := range ISAs[1:] {
			r := rand.New(rand.NewPCG(1, 1))
			a, c, scratch := randoms(r, s.m*s.k), make([]float32, s.m*s.n),
				make([]float32, SparseScratch(s.k, s.n))
			run := func(name string, f func() func()) {
				b.Run(fmt.Sprintf("%d->%d@%d/%v/%s", s.k, s.n, s.m, isa, name), func(b *testing.B) {
					restore, err := Use(isa)
					if err != nil {
						b.Skip(err)
					}
					defer restore()
					product := f()
					for b.Loop() {
						product()
					}
					b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/b.Elapsed().Seconds()/1e9,
						"GFLOP/s")
				})
			}
			run("dense", func() func() {
				var p Packed
				p.Pack(s.k, s.n, randoms(r, s.k*s.n), s.n)
				return func() { ConvolvePacked(s.m, a, &p, c, Output{}, nil) }
			})
			for _, packing := range packings {
				if packing == Lanes && s.m > 1 || packing == Singles && s.m == 1 {
					continue
				}
				for _, zeros := range []int{50, 65, 80, 90, 95, 98} {
					run(fmt.Sprintf("%s/%d%%", [...]string{"singles", "runs8", "runs16",
						"lanes"}[packing], zeros), func() func() {
						var p Sparse
						p.Pack(packing, s.k, s.n, withZeros(r, s.k, s.n, s.n, float64(zeros)/100,
							runOf(packing)), s.n)
						return func() { ConvolveSparse(s.m, a, &p, c, scratch) }
					})
				}
			}
		}
	}
}
