package prepare_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// direct scales by the two-dimensional formula in float64: every output pixel is the mean of all
// input pixels weighted by a pyramid around its centre, as wide as the scale but at least a pixel.
func direct(src []float32, from, to, n, channels int) []float64 {
	scale := float64(from) / float64(to)
	width := max(scale, 1)
	weight := func(i, j int) float64 {
		return max(0, 1-math.Abs(float64(j)+.5-(float64(i)+.5)*scale)/width)
	}
	out := make([]float64, n*to*to*channels)
	for o := range out {
		c, x, y, k := o%channels, o/channels%to, o/channels/to%to, o/channels/to/to
		sum, total := 0.0, 0.0
		for j := range from {
			for i := range from {
				w := weight(y, j) * weight(x, i)
				sum += w * float64(src[((k*from+j)*from+i)*channels+c])
				total += w
			}
		}
		out[o] = sum / total
	}
	return out
}

func noise(n int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// resize scales a batch (n,H,W,channels).
func resize(dst []float32, dstSize int, src []float32, srcSize, n, channels int) {
	prepare.NewResizer(srcSize, dstSize).Resize(dst, src, n, channels)
}

func TestResizeIsTheFormula(t *testing.T) {
	for _, c := range []struct{ from, to, channels int }{
		{32, 24, 3}, {32, 28, 3}, {24, 32, 3}, {28, 20, 1}, {7, 3, 2}, {3, 7, 3}, {5, 1, 3},
		{1, 5, 1}, {16, 8, 3}, {9, 9, 3}, {32, 31, 1},
	} {
		src := noise(2 * c.from * c.from * c.channels)
		got := make([]float32, 2*c.to*c.to*c.channels)
		resize(got, c.to, src, c.from, 2, c.channels)
		for i, want := range direct(src, c.from, c.to, 2, c.channels) {
			if math.Abs(float64(got[i])-want) > 2e-6 {
				t.Fatalf("%d to %d, %d channels: value %d is %v, want %v", c.from, c.to, c.channels,
					i, got[i], want)
			}
		}
	}
}

// TestResizeByHand has weights worked out on paper. Halving 4 pixels weighs (3,3,1)/7 from the left
// edge; doubling 2 gives the usual 1, 3/4, 1/4, 0.
func TestResizeByHand(t *testing.T) {
	row := func(v ...float32) []float32 { // an image whose rows are all v
		return slices.Concat(slices.Repeat([][]float32{v}, len(v))...)
	}
	half := make([]float32, 4)
	resize(half, 2, row(7, 14, 21, 28), 4, 1, 1)
	if want := float32(3*7+3*14+21) / 7; !near(half[0], want, 1e-5) || !near(half[2], want, 1e-5) {
		t.Errorf("halved: %v, want %v first", half, want)
	}
	double := make([]float32, 16)
	resize(double, 4, row(0, 8), 2, 1, 1)
	if !slices.Equal(double[4:8], []float32{0, 2, 6, 8}) {
		t.Errorf("doubled: %v", double[4:8])
	}
}

func TestResizeKeepsConstantsAndCopies(t *testing.T) {
	src := slices.Repeat([]float32{1.5}, 3*20*20)
	for to := 1; to <= 40; to++ {
		dst := make([]float32, 3*to*to)
		resize(dst, to, src, 20, 1, 3)
		for _, v := range dst {
			if !near(v, 1.5, 1e-6) {
				t.Fatalf("20 to %d: a constant of 1.5 becomes %v", to, v)
			}
		}
	}
	src = noise(2 * 3 * 25)
	dst := make([]float32, len(src))
	resize(dst, 5, src, 5, 2, 3)
	if !slices.Equal(dst, src) {
		t.Error("equal sides do not copy")
	}
}

// TestResizerInRanges scales a batch whole, and image by image from several goroutines.
func TestResizerInRanges(t *testing.T) {
	const n, from, to = 16, 12, 9
	src := noise(n * from * from * 3)
	whole, parts := make([]float32, n*to*to*3), make([]float32, n*to*to*3)
	r := prepare.NewResizer(from, to)
	r.Resize(whole, src, n, 3)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { r.Resize(parts[i*to*to*3:(i+1)*to*to*3], src[i*from*from*3:], 1, 3) })
	}
	wg.Wait()
	if !slices.Equal(whole, parts) {
		t.Error("an image depends on the others of its batch")
	}
	if a := testing.AllocsPerRun(20, func() { r.Resize(whole, src, n, 3) }); a > 1 {
		t.Errorf("%v allocations a batch", a)
	}
}

func TestResizerPanicsOnABug(t *testing.T) {
	for name, f := range map[string]func(){
		"side 0":    func() { prepare.NewResizer(0, 3) },
		"short src": func() { resize(make([]float32, 4), 2, make([]float32, 8), 3, 1, 1) },
		"short dst": func() { resize(make([]float32, 3), 2, make([]float32, 9), 3, 1, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkResize(b *testing.B) {
	const n = 64
	src, dst := noise(n*32*32*3), make([]float32, n*24*24*3)
	r := prepare.NewResizer(32, 24)
	for b.Loop() {
		r.Resize(dst, src, n, 3)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "img/s")
}

func near(a, b, tolerance float32) bool { return max(a-b, b-a) <= tolerance }
