package nn

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// Conv is a dense convolution with bias and perhaps an activation, without batch norm. It reads and
// writes maps that are whole in memory: a [Vector] of H*W*C values an image.
type Conv struct {
	Weight *Param // (kernel,kernel,in,out); (in,out) if kernel is 1
	Bias   *Param // (out)
	kernel int
	stride int
	act    Act
	ones   []float32

	g      *Graph
	window kernel.Window
	images int // taken at a time
	x      *Vector
	z, y   Vector // z, without bias, is kept only for an activation
	packed kernel.Packed
	ready  bool // for inference: the weight is packed

	forwardTask, backwardTask func(worker, chunk int)
}

// NewConv makes a convolution.
func NewConv(p *Params, name string, size, stride, in, out int, act Act) *Conv {
	c := &Conv{kernel: size, stride: stride, act: act, ones: make([]float32, out)}
	Constant(1)(nil, c.ones)
	shape := []int{size, size, in, out}
	if size == 1 {
		shape = shape[2:]
	}
	c.Weight = p.Add(name+".weight", true, Uniform(1/math.Sqrt(float64(size*size*in))), shape...)
	c.Bias = p.Add(name+".bias", false, Constant(0), out)
	c.forwardTask, c.backwardTask = c.forwardChunk, c.backwardChunk
	return c
}

// Bind plans the convolution of maps x, h*w*in values an image, with zeros around them.
func (c *Conv) Bind(g *Graph, x *Vector, h, w int, pads Pads) *Vector {
	c.g, c.x, c.ready = g, x, false
	c.window = kernel.NewPaddedWindow(h, w, c.kernel, c.stride, pads)
	c.y.bind(g, c.pixels()*c.out())
	if c.act != Identity && g.mode == Train {
		c.z.bind(g, c.y.C)
	}
	c.images = max(1, min(cacheValues/(c.pixels()*c.patch()), g.maxChunk()))
	g.want.in = max(g.want.in, c.images*c.pixels()*c.patch())
	g.partial.size = max(g.partial.size, (c.patch()+1)*c.out())
	return &c.y
}

func (c *Conv) out() int    { return len(c.ones) }
func (c *Conv) pixels() int { return c.window.OH * c.window.OW } // of the output

// patch is the number of inputs of an output pixel.
func (c *Conv) patch() int { return len(c.Weight.Data) / c.out() }

// channels is the number of input channels.
func (c *Conv) channels() int { return c.patch() / (c.kernel * c.kernel) }

// Forward computes the output.
func (c *Conv) Forward() {
	if !c.ready {
		c.packed.Pack(c.patch(), c.out(), c.Weight.Data, c.out())
		c.ready = c.g.mode == Infer
	}
	c.g.pool.Run(c.g.chunks(), c.forwardTask)
}

func (c *Conv) forwardChunk(worker, chunk int) {
	columns := c.g.scratch[worker].in
	for at, to := c.g.images(chunk); at < to; at += c.images {
		n := min(c.images, to-at)
		y := of(c.y.Data, c.y.C, at, n)
		z := y
		if c.act != Identity && c.g.mode == Train {
			z = of(c.z.Data, c.y.C, at, n)
		}
		c.columns(columns, at, n)
		kernel.MulPacked(n*c.pixels(), columns, c.patch(), &c.packed, z, c.out(), false, nil)
		kernel.Map(y, z, c.ones, c.Bias.Data, c.act)
	}
}

// columns writes the patches of n images from image at on.
func (c *Conv) columns(dst []float32, at, n int) {
	row := c.window.OW * c.patch()
	for i := range n {
		x := of(c.x.Data, c.x.C, at+i, 1)
		for oy := range c.window.OH {
			kernel.Im2Col(dst[(i*c.window.OH+oy)*row:], x, c.window, c.channels(), oy)
		}
	}
}

// Backward adds the weight gradients and gives x its gradient, if it has one.
func (c *Conv) Backward() {
	if c.x.Grad != nil {
		c.packed.PackTransposed(c.out(), c.patch(), c.Weight.Data, c.out())
	}
	c.g.addGradients(c, c.backwardTask)
}

func (c *Conv) backwardChunk(worker, chunk int) {
	columns, part := c.g.scratch[worker].in, c.g.partial.take((c.patch()+1)*c.out())
	patch, out, pixels := c.patch(), c.out(), c.pixels()
	for at, to := c.g.images(chunk); at < to; at += c.images {
		n := min(c.images, to-at)
		dz := c.outputGrad(at, n)
		c.columns(columns, at, n)
		kernel.MulTN(patch, out, n*pixels, columns, patch, dz, out, part, out, nil)
		// the same 1 for every row: their sum
		kernel.MulTN(1, out, n*pixels, c.ones, 0, dz, out, part[patch*out:], out, nil)
		if c.x.Grad != nil {
			kernel.MulPacked(n*pixels, dz, out, &c.packed, columns, patch, false, nil)
			c.inputGrad(columns, at, n)
		}
	}
	c.g.partial.hand(chunk, part)
}

// outputGrad is the gradient of z, of n images from image at on.
func (c *Conv) outputGrad(at, n int) []float32 {
	d := of(c.y.Grad, c.y.C, at, n)
	if c.act == Identity {
		return d
	}
	bias := c.Bias.Data
	for z := of(c.z.Data, c.y.C, at, n); len(z) > 0; z, d = z[len(bias):], d[len(bias):] {
		for j, b := range bias {
			d[j] *= c.act.Slope(z[j] + b)
		}
	}
	return of(c.y.Grad, c.y.C, at, n)
}

// inputGrad adds up the gradients of n images' patches.
func (c *Conv) inputGrad(columns []float32, at, n int) {
	row := c.window.OW * c.patch()
	for i := range n {
		dx := of(c.x.Grad, c.x.C, at+i, 1)
		clear(dx)
		for oy := range c.window.OH {
			kernel.Col2Im(dx, columns[(i*c.window.OH+oy)*row:], c.window, c.channels(), oy)
		}
	}
}

// rows are the gradients of weight and bias.
func (c *Conv) rows(part []float32, do func(grad, part []float32)) {
	n := len(c.Weight.Data)
	do(c.Weight.Grad, part[:n])
	do(c.Bias.Grad, part[n:])
}

func (c *Conv) finish() {}
