package nn

import "sync"

// partials adds up the chunks' weight gradients in the order of the chunks, so that the result does
// not depend on the workers, and without a worker ever waiting for another: who comes early leaves
// its buffer, and whoever fills the gap adds both.
type partials struct {
	mu      sync.Mutex
	op      reducer
	size    int // of buffers: the largest that is wanted
	next    int // the chunk to be added next
	adding  bool
	pending [chunkCount][]float32
	free    [][]float32 // the one used last is taken first: it is in the caches
}

// reducer adds a chunk's gradients to those of its weights.
type reducer interface{ reduce(part []float32) }

// begin prepares for a pass over all chunks.
func (p *partials) begin(o reducer) { p.op, p.next = o, 0 }

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
	if p.adding {
		return
	}
	p.adding = true
	for p.next < chunkCount && p.pending[p.next] != nil {
		part := p.pending[p.next]
		p.pending[p.next] = nil
		p.next++
		p.mu.Unlock()
		p.op.reduce(part)
		p.mu.Lock()
		p.free = append(p.free, part)
	}
	p.adding = false
}
