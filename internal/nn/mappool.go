package nn

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// MapPool takes the largest value of every window of a unit's output, by channel, with size/2 rows
// and columns around it that are less than anything. What it gives is read like a unit's output.
type MapPool struct {
	size, stride int

	g      *Graph
	prev   *Unit
	window kernel.Window // over the image with what is around it
	out    Unit
	at     []int32 // which value of its window each output is

	forwardTask, backwardTask func(worker, chunk int)
}

// NewMapPool makes max pooling over windows of size x size pixels.
func NewMapPool(size, stride int) *MapPool {
	p := &MapPool{size: size, stride: stride}
	p.forwardTask, p.backwardTask = p.forwardChunk, p.backwardChunk
	return p
}

// Bind plans the pooling of prev's output.
func (p *MapPool) Bind(g *Graph, prev *Unit) *Unit {
	p.g, p.prev = g, prev
	around := p.size / 2 * 2
	p.window = kernel.NewValidWindow(prev.out.h+around, prev.out.w+around, p.size, p.stride)
	p.out = Unit{g: g, out: size{p.window.OH, p.window.OW, prev.out.c}}
	n := g.n * p.out.out.len()
	p.out.source, p.at = g.memory.alloc(n), grow(p.at, n)
	if g.mode == Train && prev.learns() {
		p.out.grad = g.memory.alloc(n)
	}
	g.want.in = max(g.want.in, p.window.H*p.window.W*prev.out.c)
	g.want.out = max(g.want.out, prev.out.len())
	return &p.out
}

// Forward computes the output.
func (p *MapPool) Forward() { p.g.pool.Run(p.g.chunks(), p.forwardTask) }

func (p *MapPool) forwardChunk(worker, chunk int) {
	w, in, out := &p.g.scratch[worker], p.prev.out, p.out.out
	x := w.in[:p.window.H*p.window.W*in.c]
	for i := range x {
		x[i] = float32(math.Inf(-1))
	}
	for i, to := p.g.images(chunk); i < to; i++ {
		p.move(x, p.prev.output(w.out, i*in.pixels(), (i+1)*in.pixels(), true), true)
		kernel.MaxPool(p.out.source[i*out.len():], p.at[i*out.len():], x, p.window, in.c)
	}
}

// move copies an image into the middle of one with something around it, or out of that.
func (p *MapPool) move(around, image []float32, in bool) {
	row, wide := p.prev.out.w*p.prev.out.c, p.window.W*p.prev.out.c
	edge := p.size / 2
	for y := range p.prev.out.h {
		inner := around[(y+edge)*wide+edge*p.prev.out.c:][:row]
		if in {
			copy(inner, image[y*row:])
		} else {
			copy(image[y*row:][:row], inner)
		}
	}
}

// Backward gives the unit its gradient, if it wants one.
func (p *MapPool) Backward() {
	if p.out.grad != nil {
		p.g.pool.Run(p.g.chunks(), p.backwardTask)
	}
}

func (p *MapPool) backwardChunk(worker, chunk int) {
	w, in, out := &p.g.scratch[worker], p.prev.out, p.out.out
	p.prev.beginSums(w, chunk)
	defer w.endSums()
	for i, to := p.g.images(chunk); i < to; i++ {
		kernel.MaxPoolInput(w.in, p.out.grad[i*out.len():], p.at[i*out.len():], p.window, in.c)
		p.move(w.in, w.out, false)
		p.prev.accept(w, w.out, i*in.pixels(), (i+1)*in.pixels())
	}
}
