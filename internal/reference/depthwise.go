package reference

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
)

// Depthwise is an elastic depthwise convolution with batch norm and activation: channels are
// leading ones, and a smaller kernel is the centre of the full one, or a learned transform of it.
type Depthwise struct {
	Pads       *nn.Pads  // zeros around the input; nil: kernel/2 on every side
	Weight     *nn.Param // (kernel,kernel,channels) at the largest kernel
	BN         *BatchNorm
	transforms []*transform // largest kernel first; nil if smaller kernels are plain crops
	full       int          // the largest kernel
	channels   int          // full width
	stride     int

	g       *Graph
	x, z, y Tensor
	window  kernel.Window
}

// NewDepthwise makes a depthwise convolution of kernels[len-1], the largest; the others, ascending,
// may be bound too. With transform set each of them is a learned map of the next larger one.
func NewDepthwise(p *nn.Params, name string, kernels []int, stride, channels int, transforms bool,
	act Act, eps float64) *Depthwise {
	full := kernels[len(kernels)-1]
	d := &Depthwise{full: full, channels: channels, stride: stride}
	d.Weight = p.Add(name+".weight", true, nn.HeFanOut(full*full), full, full, channels)
	if transforms {
		for i := len(kernels) - 1; i > 0; i-- {
			d.transforms = append(d.transforms, newTransform(p, name, kernels[i], kernels[i-1],
				channels))
		}
	}
	d.BN = newBatchNorm(p, name+".bn", channels, act, eps)
	return d
}

// Bind plans the convolution of x with a kernel of the given size.
func (d *Depthwise) Bind(g *Graph, x Tensor, size int, slot Slot) Tensor {
	d.g, d.x = g, x
	d.window = kernel.NewWindow(x.H, x.W, size, d.stride)
	if d.Pads != nil {
		d.window = kernel.NewPaddedWindow(x.H, x.W, size, d.stride, *d.Pads)
	}
	d.y = g.Tensor(d.window.OH, d.window.OW, x.C, slot)
	d.z = d.y
	if g.mode == Train {
		d.z = g.Tensor(d.window.OH, d.window.OW, x.C, slot)
	}
	d.BN.bind(g, d.y)
	return d.y
}

// Kernel copies out the bound kernel, (size,size,C).
func (d *Depthwise) Kernel() []float32 {
	w, size, c := d.taps(), d.window.Kernel, d.x.C
	var out []float32
	for ky := range size {
		for kx := range size {
			out = append(out, w.Data[ky*w.Row+kx*w.Col:][:c]...)
		}
	}
	return out
}

// used is the transforms that lead to the bound kernel, largest first.
func (d *Depthwise) used() []*transform {
	n := slices.IndexFunc(d.transforms,
		func(t *transform) bool { return t.from == d.window.Kernel })
	if n < 0 {
		n = len(d.transforms)
	}
	return d.transforms[:n]
}

// taps is the active kernel: a view of the weight, or the result of the transforms.
func (d *Depthwise) taps() kernel.Taps {
	w := centre(d.Weight.Data, d.full, d.channels, d.window.Kernel)
	used := d.used()
	if len(used) == 0 {
		return w
	}
	src := kernel.Taps{Data: d.Weight.Data, Row: d.full * d.channels, Col: d.channels}
	for _, t := range used {
		src = t.forward(src, d.x.C)
	}
	return src
}

// centre is the view of the middle size x size taps of a kernel (full,full,ld).
func centre(data []float32, full, ld, size int) kernel.Taps {
	o := (full - size) / 2
	return kernel.Taps{Data: data[(o*full+o)*ld:], Row: full * ld, Col: ld}
}

// Forward computes the output.
func (d *Depthwise) Forward() {
	x, z, w := d.g.Data(d.x), d.g.Data(d.z), d.taps()
	in, out := d.x.H*d.x.W*d.x.C, d.y.H*d.y.W*d.y.C
	d.g.pool.Run(d.g.chunks(), func(_, chunk int) {
		for n, to := d.g.images(chunk); n < to; n++ {
			kernel.Depthwise(z[n*out:], x[n*in:], w, d.window, d.x.C, 0, d.y.H)
		}
	})
	d.BN.forward(d.g.Data(d.y), z)
}

// Backward adds the weight gradients and writes the gradient of x.
func (d *Depthwise) Backward() {
	dy := d.g.Grad(d.y)
	dz := d.g.dz[:len(dy)]
	d.BN.backward(dz, d.g.Data(d.z), dy)
	d.weightGrad(dz)
	dx, w := d.g.Grad(d.x), d.taps()
	in, out := d.x.H*d.x.W*d.x.C, d.y.H*d.y.W*d.y.C
	d.g.pool.Run(d.g.chunks(), func(_, chunk int) {
		for n, to := d.g.images(chunk); n < to; n++ {
			kernel.DepthwiseInput(dx[n*in:], dz[n*out:], w, d.window, d.x.C, 0, d.x.H)
		}
	})
}

func (d *Depthwise) weightGrad(dz []float32) {
	size, c := d.window.Kernel, d.x.C
	x, part := d.g.Data(d.x), d.g.partials(size*size*c)
	in, out := d.x.H*d.x.W*c, d.y.H*d.y.W*c
	d.g.pool.Run(d.g.chunks(), func(_, chunk int) {
		dw := kernel.Taps{Data: part[chunk*size*size*c:], Row: size * c, Col: c}
		for n, to := d.g.images(chunk); n < to; n++ {
			kernel.DepthwiseWeight(dw, x[n*in:], dz[n*out:], d.window, c)
		}
	})
	used := d.used()
	if len(used) == 0 {
		w := centre(d.Weight.Grad, d.full, d.channels, size)
		d.addTaps(w, size)
		return
	}
	last := used[len(used)-1]
	clear(last.grad)
	d.g.reduce(last.grad, last.channels, size*size, c)
	for i := len(used) - 1; i > 0; i-- {
		clear(used[i-1].grad)
		used[i].backward(used[i-1].view(used[i-1].out), used[i-1].view(used[i-1].grad), c)
	}
	src := kernel.Taps{Data: d.Weight.Data, Row: d.full * d.channels, Col: d.channels}
	grad := src
	grad.Data = d.Weight.Grad
	used[0].backward(src, grad, c)
}

// addTaps adds the chunks' partial gradients to a view of the weight gradient.
func (d *Depthwise) addTaps(w kernel.Taps, size int) {
	c := d.x.C
	for chunk := range d.g.chunks() {
		part := d.g.partial[chunk*size*size*c:]
		for t := range size * size {
			kernel.Add(w.Data[t/size*w.Row+t%size*w.Col:][:c], part[t*c:][:c])
		}
	}
}

// transform makes a smaller kernel from the centre of a larger one: with the centre flattened to v,
// size² values a channel, the smaller kernel is M·v, with one M for all channels (Cai et al., ICLR
// 2020, section 3.3).
type transform struct {
	matrix   *nn.Param // (to²,to²)
	from, to int
	channels int
	centre   []float32 // (to²,channels), as used forward
	out      []float32 // (to²,channels)
	grad     []float32 // gradient of out
}

func newTransform(p *nn.Params, name string, from, to, channels int) *transform {
	n := to * to
	f := func() []float32 { return make([]float32, n*channels) }
	return &transform{
		matrix: p.Add(fmt.Sprintf("%s.transform.%dto%d", name, from, to), true,
			nn.IdentityMatrix(n), n, n),
		from: from, to: to, channels: channels, centre: f(), out: f(), grad: f(),
	}
}

// view is a buffer of the transform's output as taps.
func (t *transform) view(data []float32) kernel.Taps {
	return kernel.Taps{Data: data, Row: t.to * t.channels, Col: t.channels}
}

func (t *transform) forward(src kernel.Taps, c int) kernel.Taps {
	o, n := (t.from-t.to)/2, t.to*t.to
	for i := range n {
		copy(t.centre[i*t.channels:][:c], src.Data[(o+i/t.to)*src.Row+(o+i%t.to)*src.Col:])
	}
	kernel.Gemm(n, c, n, t.matrix.Data, n, t.centre, t.channels, t.out, t.channels, false)
	return t.view(t.out)
}

// backward takes t.grad apart into the gradients of the matrix and of the larger kernel.
func (t *transform) backward(src, srcGrad kernel.Taps, c int) {
	o, n := (t.from-t.to)/2, t.to*t.to
	for i := range n {
		gi := t.grad[i*t.channels:][:c]
		for j := range n {
			var dot float64
			for k, g := range gi {
				dot += float64(g) * float64(t.centre[j*t.channels+k])
			}
			t.matrix.Grad[i*n+j] += float32(dot)
		}
		for j := range n {
			at := (o+j/t.to)*srcGrad.Row + (o+j%t.to)*srcGrad.Col
			for k, g := range gi {
				srcGrad.Data[at+k] += t.matrix.Data[i*n+j] * g
			}
		}
	}
}
