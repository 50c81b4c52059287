package kernel_test

import (
	"fmt"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// Shapes of MobileNet blocks on 32x32 images, one image each.
var (
	pointwise = []struct{ side, in, out int }{{32, 16, 96}, {16, 240, 40}, {8, 160, 960}}
	depthwise = []struct{ side, size, c int }{{32, 3, 96}, {16, 5, 240}, {8, 7, 480}}
)

// measure runs f and reports its arithmetic, two operations a multiply-accumulate.
func measure(b *testing.B, name string, macs int, f func()) {
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			f()
		}
		b.ReportMetric(2*float64(macs)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}

// BenchmarkPointwise is a 1x1 convolution: forward, gradient of the input, gradient of the weight.
func BenchmarkPointwise(b *testing.B) {
	for _, s := range pointwise {
		m, r := s.side*s.side, newRand(1)
		x, w, y := vector(m*s.in).random(r).data, vector(s.in*s.out).random(r).data,
			vector(m*s.out).random(r).data
		name, macs := fmt.Sprintf("%d->%d@%dx%d", s.in, s.out, s.side, s.side), m*s.in*s.out
		measure(b, "Gemm/"+name, macs, func() {
			kernel.Gemm(m, s.out, s.in, x, s.in, w, s.out, y,
				s.out, false)
		})
		measure(b, "GemmNT/"+name, macs, func() {
			kernel.GemmNT(m, s.in, s.out, y, s.out, w, s.out,
				x, s.in)
		})
		dw := make([]float32, len(w))
		measure(b, "GemmTN/"+name, macs, func() {
			kernel.GemmTN(s.in, s.out, m, x, s.in, y, s.out,
				dw, s.out)
		})
	}
}

// BenchmarkDepthwise counts only the taps that fall into the image.
func BenchmarkDepthwise(b *testing.B) {
	for _, s := range depthwise {
		d := newDepthwiseCase(s.side, s.side, s.size, 1, s.c, 0, 1)
		macs := 0
		d.eachPair(func(int, int, int) { macs += s.c })
		name := fmt.Sprintf("%dx%d/%d@%dx%d", s.size, s.size, s.c, s.side, s.side)
		measure(b, "Forward/"+name, macs, func() {
			convolve(d.y.data, d.x.data, d.w.Taps, d.g,
				d.c)
		})
		measure(b, "Input/"+name, macs, func() {
			kernel.DepthwiseInput(d.dx.data, d.dy.data,
				d.w.Taps, d.g, d.c, 0, d.g.H)
		})
		measure(b, "Weight/"+name, macs, func() {
			kernel.DepthwiseWeight(d.dw.Taps, d.x.data,
				d.dy.data, d.g, d.c)
		})
	}
}
