package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// MaxPool takes the largest value of every window of a map, by channel, without padding. Both maps
// are whole in memory. The gradient goes to the first of the largest values.
type MaxPool struct {
	size, stride int

	g        *Graph
	window   kernel.Window
	channels int
	x        *Vector
	y        Vector
	at       []int32 // which value of its window each output is

	forwardTask, backwardTask func(worker, chunk int)
}

// NewMaxPool makes max pooling over windows of size x size pixels.
func NewMaxPool(size, stride int) *MaxPool {
	p := &MaxPool{size: size, stride: stride}
	p.forwardTask, p.backwardTask = p.forwardChunk, p.backwardChunk
	return p
}

// Bind plans the pooling of maps x, h*w*channels values an image.
func (p *MaxPool) Bind(g *Graph, x *Vector, h, w, channels int) *Vector {
	p.g, p.x, p.channels = g, x, channels
	p.window = kernel.NewValidWindow(h, w, p.size, p.stride)
	p.y.bind(g, p.window.OH*p.window.OW*channels)
	p.at = grow(p.at, len(p.y.Data))
	return &p.y
}

// Forward computes the output.
func (p *MaxPool) Forward() { p.g.pool.Run(p.g.chunks(), p.forwardTask) }

func (p *MaxPool) forwardChunk(_, chunk int) {
	for i, to := p.g.images(chunk); i < to; i++ {
		kernel.MaxPool(of(p.y.Data, p.y.C, i, 1), p.at[i*p.y.C:], of(p.x.Data, p.x.C, i, 1),
			p.window, p.channels)
	}
}

// Backward gives x its gradient, if it has one.
func (p *MaxPool) Backward() {
	if p.x.Grad != nil {
		p.g.pool.Run(p.g.chunks(), p.backwardTask)
	}
}

func (p *MaxPool) backwardChunk(_, chunk int) {
	for i, to := p.g.images(chunk); i < to; i++ {
		kernel.MaxPoolInput(of(p.x.Grad, p.x.C, i, 1), of(p.y.Grad, p.y.C, i, 1), p.at[i*p.y.C:],
			p.window, p.channels)
	}
}
