package reference_test

import (
	"fmt"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

// checkSlice says that a large layer bound at a small size is the small layer with the leading
// weights: same output, same gradients, and no gradient outside the slice.
func checkSlice(t *testing.T, large, small *layer) {
	t.Helper()
	randomise(large.params, 5)
	of := large.params.ByName()
	for _, p := range small.params.List {
		leading(p, of[p.Name]).copyInto(p, of[p.Name])
	}
	y, dx := large.run(7)
	wantY, wantDX := small.run(7)
	equal(t, "output", y, wantY)
	equal(t, "input gradient", dx, wantDX)
	for _, p := range small.params.List {
		leading(p, of[p.Name]).checkGrad(t, p, of[p.Name])
	}
}

func TestConvSlice(t *testing.T) {
	for _, act := range []reference.Act{reference.Identity, reference.ReLU6, reference.HSwish} {
		for _, eps := range []float64{0, 1e-5} {
			for _, c := range [][2]int{{9, 8}, {5, 6}, {1, 1}, {9, 3}} {
				t.Run(fmt.Sprintf("act %d, eps %g, %v of [9 8]", act, eps, c), func(t *testing.T) {
					pool := nn.NewPool(2)
					defer pool.Close()
					make := func(in, out int) *layer {
						p := &nn.Params{Train: true}
						l := reference.NewConv(p, "conv", 1, 1, in, out, act, eps)
						return bindConv(reference.NewGraph(pool), p, l, reference.Train,
							shape{3, 4, 5, c[0]}, c[1])
					}
					checkSlice(t, make(9, 8), make(c[0], c[1]))
				})
			}
		}
	}
}

// TestDenseSlice: a 3x3 convolution is elastic in its output.
func TestDenseSlice(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	for stride := 1; stride <= 2; stride++ {
		make := func(out int) *layer {
			p := &nn.Params{Train: true}
			l := reference.NewConv(p, "conv", 3, stride, 3, out, reference.ReLU, 1e-5)
			return bindConv(reference.NewGraph(pool), p, l, reference.Train, shape{2, 5, 6, 3}, 4)
		}
		checkSlice(t, make(7), make(4))
	}
}

func TestLinearSlice(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	make := func(in int) *layer {
		p := &nn.Params{Train: true}
		return bindConv(reference.NewGraph(pool), p, reference.NewLinear(p, "linear", in, 10,
			reference.Identity), reference.Train, shape{5, 1, 1, 6}, 10)
	}
	checkSlice(t, make(8), make(6))
}

func TestSESlice(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	for _, active := range [][2]int{{8, 6}, {5, 6}, {8, 3}, {4, 1}} {
		make := func(c, hidden int) *layer {
			p := &nn.Params{Train: true}
			l := reference.NewSE(p, "se", c, hidden, reference.ReLU, reference.HSigmoid)
			return bindSE(reference.NewGraph(pool), p, l, reference.Train,
				shape{3, 4, 5, active[0]}, active[1])
		}
		checkSlice(t, make(8, 6), make(active[0], active[1]))
	}
}

// TestDepthwiseCrop: without transforms a smaller kernel is the centre of the largest.
func TestDepthwiseCrop(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	for _, size := range []int{1, 3, 5, 7} {
		for stride := 1; stride <= 2; stride++ {
			for _, c := range []int{8, 5} {
				make := func(kernels []int, channels int) *layer {
					p := &nn.Params{Train: true}
					l := reference.NewDepthwise(p, "dw", kernels, stride, channels, false,
						reference.HSwish, 1e-5)
					return bindDepthwise(reference.NewGraph(pool), p, l, reference.Train,
						shape{3, 6, 5, c}, size)
				}
				checkSlice(t, make([]int{1, 3, 5, 7}, 8), make([]int{size}, c))
			}
		}
	}
}

// TestBackwardAccumulates: two backward passes leave the sum, which several sub-networks in one
// step rely on.
func TestBackwardAccumulates(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	run := func(seeds ...uint64) map[string]*nn.Param {
		p := &nn.Params{Train: true}
		l := reference.NewDepthwise(p, "dw", []int{3, 5}, 1, 4, true, reference.ReLU, 1e-5)
		randomise(p, 1)
		g := reference.NewGraph(pool)
		for i, seed := range seeds {
			bindDepthwise(g, p, l, reference.Train, shape{2, 4, 4, 4 - i}, 5-2*i).run(seed)
		}
		return p.ByName()
	}
	first, both := run(1), run(1, 2)
	second := func() map[string]*nn.Param {
		p := &nn.Params{Train: true}
		l := reference.NewDepthwise(p, "dw", []int{3, 5}, 1, 4, true, reference.ReLU, 1e-5)
		randomise(p, 1)
		bindDepthwise(reference.NewGraph(pool), p, l, reference.Train, shape{2, 4, 4, 3}, 3).run(2)
		return p.ByName()
	}()
	for name, p := range both {
		for i, g := range p.Grad {
			near(t, fmt.Sprintf("gradient %d of %s", i, name), g, float64(first[name].Grad[i])+
				float64(second[name].Grad[i]), 1e-5)
		}
	}
}
