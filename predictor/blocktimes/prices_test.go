package blocktimes

import (
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

func loadsOf(s *supernet.Space, n int, prices work, noise float64) []workload {
	r := rand.New(rand.NewPCG(1, 0))
	loads := make([]workload, n)
	for i := range loads {
		for _, b := range s.Blocks(s.Random(r)) {
			loads[i].work = loads[i].add(workOf(b))
		}
		loads[i].ms = loads[i].dot(prices) * (1 + noise*r.NormFloat64())
	}
	return loads
}

// An MBConv block by hand: 4x4x8 to 2x2x16 over 24 channels, kernel 3, without SE.
func TestWorkByHand(t *testing.T) {
	b := supernet.Block{
		Kind: supernet.MBConv, In: supernet.Shape{H: 4, W: 4, C: 8}, Out: supernet.Shape{H: 2, W: 2,
			C: 16}, Mid: 24, Kernel: 3, Stride: 2, BN: true,
	}
	params := 8*24 + 2*24 + 9*24 + 2*24 + 24*16 + 2*16
	want := work{1, 16*8*24 + 4*24*16, 4 * 9 * 24, float64(128 + 64 + params + 2*16*24 + 2*4*24)}
	if got := workOf(b); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPricesAreFound(t *testing.T) {
	for _, prices := range []work{{0.01, 1e-7, 1e-6, 1e-8}, {0, 1e-7, 0, 0}, {0.02, 0, 0, 1e-7}} {
		got, err := fitPrices(loadsOf(tiny(t), 40, prices, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range loadsOf(tiny(t), 60, prices, 0) {
			if !near(l.dot(got), l.ms, 1e-6) {
				t.Errorf("prices %v: got %v, %g ms for %g", prices, got, l.dot(got), l.ms)
			}
		}
	}
}

func TestPricesAreNotNegative(t *testing.T) {
	for seed := range 5 {
		got, err := fitPrices(loadsOf(tiny(t), 12, work{0.01, 1e-7, 0, 0}, 0.1*float64(seed)))
		if err != nil {
			t.Fatal(err)
		}
		for k, p := range got {
			if p < 0 {
				t.Errorf("price %d is %g", k, p)
			}
		}
	}
}
