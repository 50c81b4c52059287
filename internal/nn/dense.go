package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// dense is a convolution over images with a kernel larger than 1, of fixed width: the stem. It has
// no input gradient.
type dense struct {
	weight *Param // (kernel,kernel,in,out)
	size   int
	stride int
	unit   *Unit
	window kernel.Window
	packed kernel.Packed
}

// NewStem makes the first convolution of a network, with batch norm.
func NewStem(p *Params, name string, size, stride, in, out int, act Act, eps float64) *Unit {
	op := &dense{size: size, stride: stride, weight: p.Add(name+".weight", true,
		HeFanOut(size*size*out), size, size, in, out)}
	u := &Unit{BN: newBatchNorm(p, name+".bn", out, act, eps), op: op}
	u.init()
	return u
}

// BindStem plans the convolution of images (N,H,W,C), with zeros around them.
func (u *Unit) BindStem(g *Graph, images []float32, h, w, c int, pads Pads, slot Slot) {
	op := u.op.(*dense)
	op.window = kernel.NewPaddedWindow(h, w, op.size, op.stride, pads)
	out := op.weight.Shape[3]
	u.bind(g, nil, size{h, w, c}, size{op.window.OH, op.window.OW, out}, slot)
	u.source = images
}

// patch is the number of inputs of an output pixel.
func (o *dense) patch() int { return o.size * o.size * o.unit.in.c }

func (o *dense) bind(u *Unit) {
	o.unit = u
	u.tile = u.out.pixels()
	u.g.want.in = max(u.g.want.in, o.patch()*u.out.pixels())
}

func (o *dense) prepare(bool) {
	out := o.unit.out.c
	o.packed.Pack(o.patch(), out, o.weight.Data, out)
}

func (o *dense) begin(*Unit) {}

// columns writes the patches of output pixels p to q, whole rows of an image, to the worker's
// memory.
func (o *dense) columns(u *Unit, w *scratch, p, q int) []float32 {
	image, width := p/u.out.pixels(), o.patch()*u.out.w
	first := p % u.out.pixels() / u.out.w
	for i := range (q - p) / u.out.w {
		kernel.Im2Col(w.in[i*width:], u.source[image*u.in.len():], o.window, u.in.c, first+i)
	}
	return w.in
}

func (o *dense) forward(u *Unit, w *scratch, z []float32, p, q int, out kernel.Output) {
	kernel.ConvolvePacked(q-p, o.columns(u, w, p, q), &o.packed, z, out, &w.ahead)
}

func (o *dense) backward(u *Unit, w *scratch, part []float32, p, q int) {
	u.outputGrad(w.out, p, q)
	kernel.MulTN(o.patch(), u.out.c, q-p, o.columns(u, w, p, q), o.patch(), w.out, u.out.c, part,
		u.out.c, &w.ahead)
}

func (o *dense) partialSize() int { return o.patch() * o.unit.out.c }

func (o *dense) reduce(part []float32) {
	out := o.unit.out.c
	addRows(o.weight.Grad, out, part, o.patch(), out)
}

func (o *dense) finish() {}

func (o *dense) param() *Param { return o.weight }
