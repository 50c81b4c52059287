package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// product multiplies pixels with a weight (in,out): with all of it, or in inference without its
// zeros, where that is faster.
type product struct {
	dense  kernel.Packed
	sparse kernel.Sparse
	skips  bool // sparse is in use
}

// pack takes the weight, whose rows are ld apart, to multiply about m pixels at a time. The choice
// must not depend on the number of workers.
func (p *product) pack(g *Graph, m, in, out int, weight []float32, ld int) {
	p.skips = false
	var packing kernel.Packing
	if g.mode == Infer && !g.pool.Dense {
		packing, p.skips = kernel.Faster(m, in, out, weight, ld)
	}
	if !p.skips {
		p.dense.Pack(in, out, weight, ld)
		return
	}
	p.sparse.Pack(packing, in, out, weight, ld)
	for i := range g.scratch {
		s := &g.scratch[i]
		s.sparse = grow(s.sparse, max(len(s.sparse), kernel.SparseScratch(in, out)))
	}
}

// convolve computes z = a·weight for m pixels.
func (p *product) convolve(w *scratch, m int, a, z []float32, out kernel.Output) {
	if p.skips {
		kernel.ConvolveSparse(m, a, &p.sparse, z, w.sparse)
		return
	}
	kernel.ConvolvePacked(m, a, &p.dense, z, out, &w.ahead)
}
