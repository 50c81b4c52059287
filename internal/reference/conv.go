package reference

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
)

// Conv is a dense convolution with what follows it: batch norm or a bias, and an activation. With
// Kernel 1 its input and output channels are elastic; a larger kernel always takes all its input
// channels.
type Conv struct {
	Pads   *nn.Pads // zeros around the input; nil: kernel/2 on every side, or none if it is valid
	Weight *nn.Param
	Bias   *nn.Param  // nil if there is none
	BN     *BatchNorm // nil if there is none
	kernel int
	stride int
	valid  bool // without padding
	out    int  // full width, the weight's leading dimension
	act    Act

	g       *Graph
	x, z, y Tensor
	window  kernel.Window
	columns []float32 // im2col of one output row a chunk
}

// NewConv makes a convolution with batch norm if eps is above 0, and without bias.
func NewConv(p *nn.Params, name string, size, stride, in, out int, act Act, eps float64) *Conv {
	c := &Conv{kernel: size, stride: stride, out: out, act: act}
	shape := []int{size, size, in, out}
	if size == 1 {
		shape = shape[2:]
	}
	c.Weight = p.Add(name+".weight", true, nn.HeFanOut(size*size*out), shape...)
	if eps > 0 {
		c.BN = newBatchNorm(p, name+".bn", out, act, eps)
	}
	return c
}

// NewBiased makes a convolution with bias and without batch norm. valid says that it pads nothing.
func NewBiased(p *nn.Params, name string, size, stride, in, out int, valid bool, act Act) *Conv {
	c := &Conv{kernel: size, stride: stride, out: out, valid: valid, act: act}
	shape := []int{size, size, in, out}
	if size == 1 {
		shape = shape[2:]
	}
	c.Weight = p.Add(name+".weight", true, nn.Uniform(1/math.Sqrt(float64(size*size*in))), shape...)
	c.Bias = p.Add(name+".bias", false, nn.Constant(0), out)
	return c
}

// NewLinear makes a fully connected layer with bias.
func NewLinear(p *nn.Params, name string, in, out int, act Act) *Conv {
	return NewBiased(p, name, 1, 1, in, out, false, act)
}

// Bind plans the convolution of x to out channels.
func (c *Conv) Bind(g *Graph, x Tensor, out int, slot Slot) Tensor {
	c.g, c.x = g, x
	c.window = kernel.NewWindow(x.H, x.W, c.kernel, c.stride)
	if c.valid {
		c.window = kernel.NewValidWindow(x.H, x.W, c.kernel, c.stride)
	}
	if c.Pads != nil {
		c.window = kernel.NewPaddedWindow(x.H, x.W, c.kernel, c.stride, *c.Pads)
	}
	c.y = g.Tensor(c.window.OH, c.window.OW, out, slot)
	c.z = c.y
	if g.mode == Train && (c.BN != nil || c.act != Identity) {
		c.z = g.Tensor(c.window.OH, c.window.OW, out, slot)
	}
	if c.BN != nil {
		c.BN.bind(g, c.y)
	}
	if !c.pointwise() {
		c.columns = grow(c.columns, g.chunks()*c.window.OW*c.patch())
	}
	return c.y
}

// pointwise says whether each output pixel has one input pixel, which is in the same place.
func (c *Conv) pointwise() bool { return c.kernel == 1 && c.stride == 1 }

// patch is the number of inputs of one output pixel.
func (c *Conv) patch() int { return c.kernel * c.kernel * c.x.C }

func (c *Conv) rowColumns(chunk int) []float32 {
	n := c.window.OW * c.patch()
	return c.columns[chunk*n:][:n]
}

// Forward computes the output.
func (c *Conv) Forward() {
	x, z, y := c.g.Data(c.x), c.g.Data(c.z), c.g.Data(c.y)
	c.g.pool.Run(c.g.chunks(), func(_, chunk int) { c.convolve(z, x, chunk) })
	switch {
	case c.BN != nil:
		c.BN.forward(y, z)
	case c.act != Identity:
		for i, v := range z {
			y[i] = c.act.Value(v)
		}
	}
}

func (c *Conv) convolve(z, x []float32, chunk int) {
	from, to := c.g.images(chunk)
	in, out := c.x.C, c.y.C
	outPer := c.y.H * c.y.W * out
	if c.pointwise() {
		rows := (to - from) * c.y.H * c.y.W
		kernel.Gemm(rows, out, in, x[from*c.x.H*c.x.W*in:], in, c.Weight.Data, c.out,
			z[from*outPer:], out, false)
	} else {
		cols := c.rowColumns(chunk)
		for n := from; n < to; n++ {
			for oy := range c.y.H {
				kernel.Im2Col(cols, x[n*c.x.H*c.x.W*in:], c.window, in, oy)
				kernel.Gemm(c.y.W, out, c.patch(), cols, c.patch(), c.Weight.Data, c.out,
					z[n*outPer+oy*c.y.W*out:], out, false)
			}
		}
	}
	if c.Bias != nil {
		for r := from * c.y.H * c.y.W; r < to*c.y.H*c.y.W; r++ {
			kernel.Add(z[r*out:][:out], c.Bias.Data)
		}
	}
}

// Backward adds the weight gradients and, if input is set, writes the gradient of x.
func (c *Conv) Backward(input bool) {
	dz := c.outputGrad()
	c.weightGrad(dz)
	if input {
		dx := c.g.Grad(c.x)
		c.g.pool.Run(c.g.chunks(), func(_, chunk int) { c.inputGrad(dx, dz, chunk) })
	}
}

// outputGrad is the gradient of z.
func (c *Conv) outputGrad() []float32 {
	dy := c.g.Grad(c.y)
	dz := c.g.dz[:len(dy)]
	switch {
	case c.BN != nil:
		c.BN.backward(dz, c.g.Data(c.z), dy)
	case c.act != Identity:
		for i, v := range c.g.Data(c.z) {
			dz[i] = dy[i] * c.act.Slope(v)
		}
	default:
		return dy
	}
	return dz
}

func (c *Conv) weightGrad(dz []float32) {
	patch, out := c.patch(), c.y.C
	x, part := c.g.Data(c.x), c.g.partials(patch*out)
	c.g.pool.Run(c.g.chunks(), func(_, chunk int) {
		from, to := c.g.images(chunk)
		dw, outPer, inPer := part[chunk*patch*out:], c.y.H*c.y.W*out, c.x.H*c.x.W*c.x.C
		if c.pointwise() {
			kernel.GemmTN(patch, out, (to-from)*c.y.H*c.y.W, x[from*inPer:], patch,
				dz[from*outPer:], out, dw, out)
			return
		}
		cols := c.rowColumns(chunk)
		for n := from; n < to; n++ {
			for oy := range c.y.H {
				kernel.Im2Col(cols, x[n*inPer:], c.window, c.x.C, oy)
				kernel.GemmTN(patch, out, c.y.W, cols, patch, dz[n*outPer+oy*c.y.W*out:], out, dw,
					out)
			}
		}
	})
	c.g.reduce(c.Weight.Grad, c.out, patch, out)
	if c.Bias != nil {
		for r := 0; r < len(dz); r += out {
			kernel.Add(c.Bias.Grad[:out], dz[r:])
		}
	}
}

func (c *Conv) inputGrad(dx, dz []float32, chunk int) {
	from, to := c.g.images(chunk)
	in, out := c.x.C, c.y.C
	inPer, outPer := c.x.H*c.x.W*in, c.y.H*c.y.W*out
	if c.pointwise() {
		kernel.GemmNT((to-from)*c.y.H*c.y.W, in, out, dz[from*outPer:], out, c.Weight.Data, c.out,
			dx[from*inPer:], in)
		return
	}
	cols := c.rowColumns(chunk)
	clear(dx[from*inPer : to*inPer])
	for n := from; n < to; n++ {
		for oy := range c.y.H {
			kernel.GemmNT(c.y.W, c.patch(), out, dz[n*outPer+oy*c.y.W*out:], out, c.Weight.Data,
				c.out, cols, c.patch())
			kernel.Col2Im(dx[n*inPer:], cols, c.window, in, oy)
		}
	}
}
