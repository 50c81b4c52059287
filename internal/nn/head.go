package nn

import (
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// Vector is an activation of C values an image, (N,C), with the gradient that comes back to it: one
// without height and width, or a map (N,H,W,channels) whose C is H*W*channels.
type Vector struct {
	C    int
	Data []float32
	Grad []float32 // in training; nil for the images, whose gradient nobody wants
}

func (v *Vector) bind(g *Graph, c int) {
	v.C = c
	v.Data = grow(v.Data, g.n*c)
	if g.mode == Train {
		v.Grad = grow(v.Grad, g.n*c)
	}
}

// Pool2D averages a unit's output over height and width.
type Pool2D struct {
	g                         *Graph
	prev                      *Unit
	out                       Vector
	forwardTask, backwardTask func(worker, chunk int)
}

// NewPool2D makes a global mean pooling.
func NewPool2D() *Pool2D {
	p := &Pool2D{}
	p.forwardTask, p.backwardTask = p.forwardChunk, p.backwardChunk
	return p
}

// Bind plans the pooling.
func (p *Pool2D) Bind(g *Graph, prev *Unit) *Vector {
	p.g, p.prev = g, prev
	p.out.bind(g, prev.out.c)
	return &p.out
}

// Forward computes the output.
func (p *Pool2D) Forward() { p.g.pool.Run(p.g.chunks(), p.forwardTask) }

func (p *Pool2D) forwardChunk(worker, chunk int) {
	w := &p.g.scratch[worker]
	px, c := p.prev.out.pixels(), p.prev.out.c
	for at, to := p.g.images(chunk); at < to; at++ {
		kernel.MeanPool(p.out.Data[at*c:], p.prev.output(w.out, at*px, (at+1)*px, true), px, c)
	}
}

// Backward gives the unit its gradient, unless it stands for images.
func (p *Pool2D) Backward() {
	if p.prev.learns() {
		p.g.pool.Run(p.g.chunks(), p.backwardTask)
	}
}

func (p *Pool2D) backwardChunk(worker, chunk int) {
	w := &p.g.scratch[worker]
	p.prev.beginSums(w, chunk)
	defer w.endSums()
	px, c := p.prev.out.pixels(), p.prev.out.c
	for at, to := p.g.images(chunk); at < to; at++ {
		kernel.MeanPoolInput(w.out, p.out.Grad[at*c:], px, c)
		p.prev.accept(w, w.out, at*px, (at+1)*px)
	}
}

// Linear is a fully connected layer (a 1x1 convolution of pooled features) with bias, activation or
// both, and without batch norm. A map that comes in is flattened: its values count in the order
// (height,width,channels).
type Linear struct {
	Weight *Param // (in,out)
	Bias   *Param // nil without
	act    Act
	ones   []float32
	zeros  []float32

	g      *Graph
	x      *Vector
	z, y   Vector
	packed product
	ready  bool // for inference: the weight is packed
	// Of the whole batch: input and gradient of the output, and where they are brought together.
	allX, allGrad, wholeX, wholeGrad []float32

	forwardTask, backwardTask func(worker, chunk int)
	weightTask                func(worker, task int)
}

// NewLinear makes a layer; bias says whether it has one.
func NewLinear(p *Params, name string, in, out int, bias bool, act Act) *Linear {
	l := &Linear{act: act, ones: make([]float32, out), zeros: make([]float32, out)}
	Constant(1)(nil, l.ones)
	start := HeFanOut(out)
	if bias {
		start = Uniform(1 / math.Sqrt(float64(in)))
	}
	l.Weight = p.Add(name+".weight", true, start, in, out)
	if bias {
		l.Bias = p.Add(name+".bias", false, Constant(0), out)
	}
	l.forwardTask, l.backwardTask, l.weightTask = l.forwardChunk, l.backwardChunk, l.weightRows
	return l
}

// Bind plans the layer on x.
func (l *Linear) Bind(g *Graph, x *Vector) *Vector {
	l.g, l.x, l.ready = g, x, false
	out := len(l.ones)
	l.z.bind(g, out)
	l.y.bind(g, out)
	return &l.y
}

// Forward computes the output.
func (l *Linear) Forward() {
	if !l.ready {
		l.packed.pack(l.g, l.g.maxChunk(), l.x.C, l.y.C, l.Weight.Data, l.y.C)
		l.ready = l.g.mode == Infer
	}
	l.g.pool.Run(l.g.chunks(), l.forwardTask)
}

func (l *Linear) forwardChunk(worker, chunk int) {
	from, to := l.g.images(chunk)
	z := of(l.z.Data, l.z.C, from, to-from)
	l.multiply(&l.g.scratch[worker], to-from, l.x.Data[from*l.x.C:], z)
	kernel.Map(of(l.y.Data, l.y.C, from, to-from), z, l.ones, l.zeros, l.act)
}

// multiply computes z = x·weight + bias for n images.
func (l *Linear) multiply(w *scratch, n int, x, z []float32) {
	out := l.z.C
	if l.packed.skips {
		l.packed.convolve(w, n, x, z, kernel.Output{})
		for i := 0; l.Bias != nil && i < n; i++ {
			kernel.Add(z[i*out:][:out], l.Bias.Data)
		}
		return
	}
	if l.Bias != nil {
		for i := range n {
			copy(z[i*out:][:out], l.Bias.Data)
		}
	}
	kernel.MulPacked(n, x, l.x.C, &l.packed.dense, z, out, l.Bias != nil, nil)
}

// Backward adds the weight gradients and gives x its gradient, if it has one.
func (l *Linear) Backward() {
	if l.x.Grad != nil {
		l.packed.dense.PackTransposed(l.y.C, l.x.C, l.Weight.Data, l.y.C)
	}
	l.g.pool.Run(l.g.chunks(), l.backwardTask)
	l.allX, l.allGrad = l.x.Data, l.y.Grad
	if l.g.share.group == nil {
		l.addWeights()
		return
	}
	// The weight gradient is one sum over the images of the whole batch.
	var waitX, waitGrad func()
	l.wholeX, waitX = l.g.share.startWhole(l.wholeX, l.x.Data, l.x.C)
	l.wholeGrad, waitGrad = l.g.share.startWhole(l.wholeGrad, l.y.Grad, l.y.C)
	l.allX, l.allGrad = l.wholeX, l.wholeGrad
	l.g.late.add(func() {
		waitX()
		waitGrad()
		l.addWeights()
	})
}

// addWeights adds the gradients of weight and bias.
func (l *Linear) addWeights() {
	l.g.pool.Run(min(weightTasks, l.x.C), l.weightTask)
	if l.Bias != nil {
		for i := range l.g.share.batch {
			kernel.Add(l.Bias.Grad, l.allGrad[i*l.y.C:][:l.y.C])
		}
	}
}

func (l *Linear) backwardChunk(_, chunk int) {
	from, to := l.g.images(chunk)
	in, out, n := l.x.C, l.y.C, to-from
	dz := of(l.y.Grad, out, from, n)
	if l.act != Identity {
		for i, z := range of(l.z.Data, out, from, n) {
			dz[i] *= l.act.Slope(z)
		}
	}
	if l.x.Grad != nil {
		kernel.MulPacked(n, dz, out, &l.packed.dense, l.x.Grad[from*in:], in, false, nil)
	}
}

// weightTasks is how many tasks share the rows of the weight gradient.
const weightTasks = 16

func (l *Linear) weightRows(_, task int) {
	in, out, tasks := l.x.C, l.y.C, min(weightTasks, l.x.C)
	from, to := in*task/tasks, in*(task+1)/tasks
	kernel.MulTN(to-from, out, l.g.share.batch, l.allX[from:], in, l.allGrad, out,
		l.Weight.Grad[from*out:], out, nil)
}

// Dropout zeroes values of a vector with some probability and scales up the others (Srivastava et
// al., JMLR 2014).
type Dropout struct {
	g    *Graph
	v    *Vector
	rate float64
	mask []float32
}

// Bind plans dropout on v, with none until [Dropout.Draw].
func (d *Dropout) Bind(g *Graph, v *Vector) { d.g, d.v, d.rate = g, v, 0 }

// Draw makes a new mask with the given probability of dropping a value; 0 switches dropout off, and
// needs no generator.
func (d *Dropout) Draw(rate float64, r *rand.Rand) {
	d.rate = rate
	if rate == 0 {
		return
	}
	s := &d.g.share
	d.mask = grow(d.mask, len(d.v.Data))
	first := s.image * d.v.C // what is drawn before is of the images of other processes
	for range first {
		r.Float64()
	}
	for i := range d.mask {
		d.mask[i] = 0
		if r.Float64() >= rate {
			d.mask[i] = float32(1 / (1 - rate))
		}
	}
}

// Forward applies the mask to the values, Backward to the gradient.
func (d *Dropout) Forward() { d.apply(d.v.Data) }

// Backward applies the mask to the gradient.
func (d *Dropout) Backward() { d.apply(d.v.Grad) }

func (d *Dropout) apply(v []float32) {
	if d.rate == 0 || v == nil {
		return
	}
	for i, m := range d.mask {
		v[i] *= m
	}
}
