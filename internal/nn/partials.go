package nn

import (
	"sync"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// partials adds up the chunks' weight gradients in the order of the chunks, so that the result does
// not depend on the workers, and without a worker ever waiting for another: who comes early leaves
// its buffer, and whoever fills the gap adds both.
type partials struct {
	mu      sync.Mutex
	op      reducer
	size    int // of buffers: the largest that is wanted
	next    int // the chunk to be added next
	adding  bool
	parts   int  // of the batch that are here
	shared  bool // the others are of other processes: nothing is added here
	pending [chunkCount][]float32
	free    [][]float32 // the one used last is taken first: it is in the caches
}

// reducer knows where a chunk's gradients belong.
type reducer interface {
	// rows calls do for each run of values of a chunk's gradients, with those of the weights.
	rows(part []float32, do func(grad, part []float32))
	// finish is called when all have been added.
	finish()
}

// addGradients runs the tasks of a pass that make the weight gradients of o, one for each chunk.
func (g *Graph) addGradients(o reducer, task func(worker, chunk int)) {
	p := &g.partial
	p.op, p.next, p.shared = o, 0, g.share.group != nil
	g.pool.Run(g.chunks(), task)
	if !p.shared {
		o.finish()
		return
	}
	own := p.pending[:p.parts]
	g.addParts(o, own)
	p.free = append(p.free, own...)
	clear(own)
}

// take gives a zeroed buffer of n values.
func (p *partials) take(n int) []float32 {
	p.mu.Lock()
	var part []float32
	if last := len(p.free) - 1; last >= 0 {
		part, p.free = p.free[last], p.free[:last]
	}
	p.mu.Unlock()
	part = grow(part, p.size)[:n]
	clear(part)
	return part
}

// hand gives a chunk's buffer back, to be added when it is its turn.
func (p *partials) hand(chunk int, part []float32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending[chunk] = part
	if p.adding || p.shared {
		return
	}
	p.adding = true
	for p.next < chunkCount && p.pending[p.next] != nil {
		part := p.pending[p.next]
		p.pending[p.next] = nil
		p.next++
		p.mu.Unlock()
		p.op.rows(part, kernel.Add)
		p.mu.Lock()
		p.free = append(p.free, part)
	}
	p.adding = false
}
