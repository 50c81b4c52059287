package supernet_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// prunedBlocks are those of an arch with zeros in all layers that may have some.
func prunedBlocks(s *supernet.Space, a supernet.Arch, zeros, run int) []supernet.Block {
	blocks := s.Blocks(a)
	for i, b := range blocks {
		if b.Kind != supernet.Pool && b.Name != "stem" {
			blocks[i].Zeros, blocks[i].Run = zeros, run
		}
	}
	return blocks
}

// infer gives the logits of random images.
func infer(net *supernet.Subnet, n, workers int, dense bool) []float32 {
	pool := nn.NewPool(workers)
	defer pool.Close()
	pool.Dense = dense
	r := engine.NewRunner(net, pool)
	r.Bind(net.Blocks, n, nn.Infer)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range r.Input() {
		r.Input()[i] = float32(random.NormFloat64())
	}
	r.Forward()
	return slices.Clone(r.Forward())
}

// TestSparseInference: whole networks that skip the zeros of their weights agree with those that
// multiply with them, whatever the instruction set, and have the same bits on any number of
// workers.
func TestSparseInference(t *testing.T) {
	for _, isa := range kernel.ISAs {
		t.Run(isa.String(), func(t *testing.T) {
			restore, err := kernel.Use(isa)
			if err != nil {
				t.Skip(err)
			}
			defer restore()
			check := func(space string, zeros, run int, batches ...int) {
				s := builtin(t, space)
				net, err := supernet.NewSubnet(prunedBlocks(s, s.Min(), zeros, run), 1e-5, 1)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range batches {
					checkSparse(t, fmt.Sprintf("%s, %d %% zeros, run %d, batch of %d", space, zeros,
						run, n), net, n)
				}
			}
			for _, run := range []int{0, 8, 16} {
				check("mbv3-tiny", 60, run, 1, 3)
				check("mbv3-tiny", 95, run, 1, 3)
				if isa != kernel.Portable { // too slow
					check("mbv3-cifar", 90, run, 1)
				}
			}
		})
	}
}

func checkSparse(t *testing.T, what string, net *supernet.Subnet, n int) {
	t.Helper()
	want, got := infer(net, n, 1, true), infer(net, n, 1, false)
	most := 0.0
	for _, v := range want {
		most = max(most, math.Abs(float64(v)))
	}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-4*most {
			t.Fatalf("%s: logit %d is %g, with zeros multiplied %g", what, i, got[i], want[i])
		}
	}
	for _, workers := range []int{2, 5} {
		for i, v := range infer(net, n, workers, false) {
			if math.Float32bits(v) != math.Float32bits(got[i]) {
				t.Fatalf("%s: logit %d is %g on %d workers, %g on one", what, i, v, workers, got[i])
			}
		}
	}
}

// TestSparseSteadyStateAllocatesNothing binds and runs two pruned networks in turn.
func TestSparseSteadyStateAllocatesNothing(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	net, err := supernet.NewSubnet(prunedBlocks(s, s.Max(), 90, 0), 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	pool := nn.NewPool(2)
	defer pool.Close()
	r := engine.NewRunner(net, pool)
	once := func(n int) {
		r.Bind(net.Blocks, n, nn.Infer)
		r.Forward()
	}
	once(4)
	once(4)
	if got := testing.AllocsPerRun(5, func() { once(1); once(4) }); got > 0 {
		t.Errorf("allocates %g times", got)
	}
}
