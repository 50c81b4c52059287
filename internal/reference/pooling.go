package reference

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// MeanPool averages over height and width.
type MeanPool struct {
	g    *Graph
	x, y Tensor
}

// Bind plans the pooling of x to (N,1,1,C).
func (m *MeanPool) Bind(g *Graph, x Tensor, slot Slot) Tensor {
	m.g, m.x = g, x
	m.y = g.Tensor(1, 1, x.C, slot)
	return m.y
}

// Forward computes the output.
func (m *MeanPool) Forward() {
	x, y := m.g.Data(m.x), m.g.Data(m.y)
	c, pixels := m.x.C, m.x.H*m.x.W
	m.g.pool.Run(m.g.chunks(), func(_, chunk int) {
		for n, to := m.g.images(chunk); n < to; n++ {
			kernel.MeanPool(y[n*c:], x[n*pixels*c:], pixels, c)
		}
	})
}

// Backward writes the gradient of x.
func (m *MeanPool) Backward() {
	dx, dy := m.g.Grad(m.x), m.g.Grad(m.y)
	c, pixels := m.x.C, m.x.H*m.x.W
	m.g.pool.Run(m.g.chunks(), func(_, chunk int) {
		for n, to := m.g.images(chunk); n < to; n++ {
			kernel.MeanPoolInput(dx[n*pixels*c:], dy[n*c:], pixels, c)
		}
	})
}

// MaxPool takes the largest value of every window of size x size pixels, by channel, without
// padding.
type MaxPool struct {
	size, stride int
	g            *Graph
	x, y         Tensor
}

// NewMaxPool makes max pooling.
func NewMaxPool(size, stride int) *MaxPool { return &MaxPool{size: size, stride: stride} }

// Bind plans the pooling of x.
func (m *MaxPool) Bind(g *Graph, x Tensor, slot Slot) Tensor {
	m.g, m.x = g, x
	m.y = g.Tensor((x.H-m.size)/m.stride+1, (x.W-m.size)/m.stride+1, x.C, slot)
	return m.y
}

// Forward computes the output.
func (m *MaxPool) Forward() {
	x, y := m.g.Data(m.x), m.g.Data(m.y)
	m.each(func(out, in int) { y[out] = x[in] })
}

// Backward writes the gradient of x: each output's goes to the first of the largest values of its
// window.
func (m *MaxPool) Backward() {
	dx, dy := m.g.Grad(m.x), m.g.Grad(m.y)
	clear(dx)
	m.each(func(out, in int) { dx[in] += dy[out] })
}

// each calls f with every output and the input that is the first of the largest in its window.
func (m *MaxPool) each(f func(out, in int)) {
	x, y, c := m.g.Data(m.x), m.y, m.y.C
	for out := range m.g.n * y.H * y.W * c {
		n, oy, ox, channel := out/(y.H*y.W*c), out/(y.W*c)%y.H, out/c%y.W, out%c
		at := func(tap int) int {
			return ((n*m.x.H+oy*m.stride+tap/m.size)*m.x.W+ox*m.stride+tap%m.size)*c + channel
		}
		best := 0
		for tap := range m.size * m.size {
			if x[at(tap)] > x[at(best)] {
				best = tap
			}
		}
		f(out, at(best))
	}
}

// Dropout zeroes values with some probability and scales up the others, in place (Srivastava et
// al., JMLR 2014).
type Dropout struct {
	g    *Graph
	t    Tensor
	rate float64
	mask []float32
}

// Bind plans dropout on t.
func (d *Dropout) Bind(g *Graph, t Tensor) { d.g, d.t, d.rate = g, t, 0 }

// Draw makes a new mask with the given probability of dropping a value; rate 0 switches dropout
// off.
func (d *Dropout) Draw(rate float64, r *rand.Rand) {
	d.rate = rate
	if rate == 0 {
		return
	}
	d.mask = grow(d.mask, len(d.g.Data(d.t)))
	for i := range d.mask {
		d.mask[i] = 0
		if r.Float64() >= rate {
			d.mask[i] = float32(1 / (1 - rate))
		}
	}
}

// Forward applies the mask to the values.
func (d *Dropout) Forward() { d.apply(d.g.Data(d.t)) }

// Backward applies it to the gradient.
func (d *Dropout) Backward() { d.apply(d.g.Grad(d.t)) }

func (d *Dropout) apply(v []float32) {
	if d.rate == 0 {
		return
	}
	for i, m := range d.mask {
		v[i] *= m
	}
}
