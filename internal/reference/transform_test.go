package reference_test

import (
	"fmt"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

// smaller is one step of OFA's kernel transformation in float64: of a kernel (from,from,c) the
// centre to x to, flattened by channel, times the matrix.
func smaller(w []float64, from, to, c int, matrix []float32) []float64 {
	n, o := to*to, (from-to)/2
	out := make([]float64, n*c)
	for ch := range c {
		for i := range n {
			for j := range n {
				out[i*c+ch] += float64(matrix[i*n+j]) * w[((o+j/to)*from+o+j%to)*c+ch]
			}
		}
	}
	return out
}

func TestTransformedKernel(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	for _, kernels := range [][]int{{3, 5, 7}, {3, 7}, {1, 3}, {5}} {
		p := &nn.Params{Train: true}
		full, c := kernels[len(kernels)-1], 6
		l := reference.NewDepthwise(p, "dw", kernels, 1, c, true, reference.Identity, 1e-5)
		randomise(p, 3)
		weights := p.ByName()
		want := make([]float64, full*full*c)
		for i, v := range weights["dw.weight"].Data {
			want[i] = float64(v)
		}
		for i := len(kernels) - 1; i >= 0; i-- {
			size := kernels[i]
			if i < len(kernels)-1 {
				from := kernels[i+1]
				want = smaller(want, from, size, c,
					weights[fmt.Sprintf("dw.transform.%dto%d", from, size)].Data)
			}
			for _, active := range []int{c, 4, 1} {
				bindDepthwise(reference.NewGraph(pool), p, l, reference.Infer,
					shape{1, 3, 3, active}, size)
				got := l.Kernel()
				if len(got) != size*size*active {
					t.Fatalf("kernel %d of %v at %d channels has %d values", size, kernels, active,
						len(got))
				}
				for j, v := range got {
					near(t, fmt.Sprintf("kernel %d of %v at %d channels, value %d", size, kernels,
						active, j), v, want[j/active*c+j%active], 1e-5)
				}
			}
		}
	}
}

// TestTransformsBeginAsCrops: the matrices start as identities, as in OFA, so a fresh network
// behaves as without.
func TestTransformsBeginAsCrops(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	for _, size := range []int{3, 5, 7} {
		var outputs [2][]float32
		for i, transforms := range []bool{false, true} {
			p := &nn.Params{Train: true}
			l := reference.NewDepthwise(p, "dw", []int{3, 5, 7}, 1, 5, transforms, reference.ReLU,
				1e-5)
			p.Init(4)
			outputs[i], _ = bindDepthwise(reference.NewGraph(pool), p, l, reference.Train,
				shape{2, 5, 5, 4}, size).run(1)
		}
		equal(t, fmt.Sprintf("kernel %d", size), outputs[1], outputs[0])
	}
}

// TestTransformedForward: the transformed kernel is the one that convolves, and the gradient
// reaches only what it used.
func TestTransformedForward(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	for _, size := range []int{3, 5} {
		p, q := &nn.Params{Train: true}, &nn.Params{Train: true}
		l := reference.NewDepthwise(p, "dw", []int{3, 5, 7}, 2, 6, true, reference.HSwish, 1e-5)
		plain := reference.NewDepthwise(q, "dw", []int{size}, 2, 4, true, reference.HSwish, 1e-5)
		randomise(p, 3)
		at := shape{3, 5, 6, 4}
		large, small := bindDepthwise(reference.NewGraph(pool), p, l, reference.Train, at, size),
			bindDepthwise(reference.NewGraph(pool), q, plain, reference.Train, at, size)
		q.Init(1)
		copy(plain.Weight.Data, l.Kernel())
		for _, w := range []string{"dw.bn.weight", "dw.bn.bias"} {
			copy(q.ByName()[w].Data, p.ByName()[w].Data)
		}
		y, dx := large.run(2)
		wantY, wantDX := small.run(2)
		equal(t, "output", y, wantY)
		equal(t, "input gradient", dx, wantDX)
		for i, g := range l.Weight.Grad {
			tap, channel := i/6, i%6
			edge := tap/7 == 0 || tap/7 == 6 || tap%7 == 0 || tap%7 == 6
			if g != 0 && (edge || channel >= 4) {
				t.Errorf("kernel %d: gradient %g at tap %d, channel %d, which 7 to 5 does not use",
					size, g, tap, channel)
			}
		}
		unused := size == 5
		for _, g := range p.ByName()["dw.transform.5to3"].Grad {
			if unused && g != 0 {
				t.Errorf("kernel 5 moves the transform from 5 to 3 by %g", g)
			}
		}
	}
}
