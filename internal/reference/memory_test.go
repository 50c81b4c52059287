package reference_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	nn "github.com/tailor-nas/tailor/internal/reference"
)

// chain is convolution, depthwise, squeeze-and-excitation and convolution, elastic in channels, kernel and batch.
type chain struct {
	graph  *nn.Graph
	expand *nn.Conv
	dw     *nn.Depthwise
	se     *nn.SE
	last   *nn.Conv
	x, y   nn.Tensor
}

func newChain(pool *nn.Pool) *chain {
	p := &nn.Params{Train: true}
	c := &chain{
		graph:  nn.NewGraph(pool),
		expand: nn.NewConv(p, "expand", 1, 1, 8, 48, nn.ReLU, 1e-5),
		dw:     nn.NewDepthwise(p, "dw", []int{3, 5, 7}, 1, 48, true, nn.HSwish, 1e-5),
		se:     nn.NewSE(p, "se", 48, 12),
		last:   nn.NewConv(p, "last", 1, 1, 48, 8, nn.Identity, 1e-5),
	}
	p.Init(1)
	return c
}

func (c *chain) bind(mode nn.Mode, n, side, mid, size int) {
	c.graph.Begin(n, mode)
	c.x = c.graph.Tensor(side, side, 8, nn.Outer0)
	t := c.expand.Bind(c.graph, c.x, mid, nn.Inner0)
	t = c.dw.Bind(c.graph, t, size, nn.Inner1)
	t = c.se.Bind(c.graph, t, mid/4, nn.Inner0)
	c.y = c.last.Bind(c.graph, t, 8, nn.Outer1)
	c.graph.End()
}

func (c *chain) step() {
	r := rand.New(rand.NewPCG(1, 1))
	normal(r, c.graph.Data(c.x))
	c.expand.Forward()
	c.dw.Forward()
	c.se.Forward()
	c.last.Forward()
	normal(r, c.graph.Grad(c.y))
	c.last.Backward(true)
	c.se.Backward()
	c.dw.Backward()
	c.expand.Backward(true)
}

// TestSwitchingAllocatesNoMemory: after the largest size has been bound and run, binding any other costs no allocation.
func TestSwitchingAllocatesNoMemory(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	c := newChain(pool)
	for range 2 { // the arena learns the size in the first round
		c.bind(nn.Train, 16, 8, 48, 7)
		c.step()
	}
	for _, s := range []struct{ n, side, mid, size int }{
		{16, 8, 48, 7}, {16, 8, 24, 3}, {3, 8, 48, 5}, {16, 5, 8, 7}, {1, 1, 8, 3}, {16, 8, 48, 7},
	} {
		if allocs := testing.AllocsPerRun(5, func() { c.bind(nn.Train, s.n, s.side, s.mid, s.size) }); allocs != 0 {
			t.Errorf("binding %+v allocates %g times", s, allocs)
		}
	}
}

// TestSwitchingLeavesNoTrace: a size gives the same bits before and after others have used the memory.
func TestSwitchingLeavesNoTrace(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	c := newChain(pool)
	output := func(mid, size, n int) []float32 {
		c.bind(nn.Train, n, 6, mid, size)
		c.step()
		return append(append([]float32(nil), c.graph.Data(c.y)...), c.graph.Grad(c.x)...)
	}
	first := output(24, 5, 4)
	output(48, 7, 9)
	output(8, 3, 1)
	equal(t, "output and input gradient", output(24, 5, 4), first)
}

// TestStepAllocatesNoActivations: a warm step makes the closures that it hands to the pool and nothing that grows with the
// batch.
func TestStepAllocatesNoActivations(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	c := newChain(pool)
	const steps, layers = 5, 4
	perStep := func(n int) uint64 {
		c.bind(nn.Train, n, 8, 48, 3)
		c.step()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range steps {
			c.step()
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / steps
	}
	small, large := perStep(2), perStep(16)
	t.Logf("a step of %d layers allocates %d bytes for 2 images, %d for 16", layers, small, large)
	if large > layers*1024 {
		t.Errorf("a step allocates %d bytes, the smallest activation has %d", large, 16*8*8*8*4)
	}
}
