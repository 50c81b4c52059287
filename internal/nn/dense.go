package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// dense is a convolution with a kernel larger than 1, of elastic width: of the images, whose
// gradient nobody wants, or of another unit's output.
type dense struct {
	weight *Param // (kernel,kernel,in,out) at full width
	size   int
	stride int
	unit   *Unit
	window kernel.Window
	strip  int       // rows of the output that are taken at a time, behind another unit
	active []float32 // the weight, or in memory of its own its leading channels
	memory []float32
	packed kernel.Packed
}

// NewDense makes a convolution with batch norm.
func NewDense(p *Params, name string, size, stride, in, out int, act Act, eps float64) *Unit {
	op := &dense{size: size, stride: stride, weight: p.Add(name+".weight", true,
		HeFanOut(size*size*out), size, size, in, out)}
	u := &Unit{BN: newBatchNorm(p, name+".bn", out, act, eps), op: op}
	u.init()
	return u
}

// BindStem plans the convolution of images (N,H,W,C) to out channels, with zeros around them.
func (u *Unit) BindStem(g *Graph, images []float32, h, w, c, out int, pads Pads, slot Slot) {
	op := u.op.(*dense)
	op.window = kernel.NewPaddedWindow(h, w, op.size, op.stride, pads)
	u.bind(g, nil, size{h, w, c}, size{op.window.OH, op.window.OW, out}, slot)
	u.source = images
}

// BindDense plans the convolution of prev's output to out channels, with zeros around it.
func (u *Unit) BindDense(g *Graph, prev *Unit, out int, pads Pads, slot Slot) {
	op, in := u.op.(*dense), prev.out
	op.window = kernel.NewPaddedWindow(in.h, in.w, op.size, op.stride, pads)
	u.bind(g, prev, in, size{op.window.OH, op.window.OW, out}, slot)
}

// patch is the number of inputs of an output pixel.
func (o *dense) patch() int { return o.size * o.size * o.unit.in.c }

func (o *dense) bind(u *Unit) {
	o.unit = u
	u.tile = u.out.pixels()
	row := o.patch() * u.out.w
	if u.prev == nil {
		u.g.want.in = max(u.g.want.in, row*u.out.h)
		return
	}
	o.strip = max(1, min(u.out.h, cacheValues/row))
	u.g.want.patches = max(u.g.want.patches, o.strip*row)
}

func (o *dense) prepare(backward bool) {
	patch, out := o.patch(), o.unit.out.c
	if !backward {
		o.crop()
	}
	if backward && o.unit.back {
		o.packed.PackTransposed(out, patch, o.active, out)
		return
	}
	o.packed.Pack(patch, out, o.active, out)
}

// crop takes the leading channels of the weight.
func (o *dense) crop() {
	in, out := o.unit.in.c, o.unit.out.c
	fullIn, full := o.weight.Shape[2], o.weight.Shape[3]
	if in == fullIn && out == full {
		o.active = o.weight.Data
		return
	}
	o.memory = grow(o.memory, o.patch()*out)
	o.active = o.memory
	for row := range o.patch() {
		copy(o.active[row*out:][:out], o.weight.Data[(row/in*fullIn+row%in)*full:])
	}
}

// begin makes an input that is kept before its rows are split: neighbours need some of the same.
func (o *dense) begin(u *Unit) {
	if u.prev != nil && u.prev.kept && u.prev.op != nil && u.g.splits() {
		u.prev.Finish()
		u.inputReady = true
	}
}

// columns writes the patches of output pixels p to q of the images, whole rows of one, to the
// worker's memory.
func (o *dense) columns(u *Unit, w *scratch, p, q int) []float32 {
	image, width := p/u.out.pixels(), o.patch()*u.out.w
	first := p % u.out.pixels() / u.out.w
	for i := range (q - p) / u.out.w {
		kernel.Im2Col(w.in[i*width:], u.source[image*u.in.len():], o.window, u.in.c, first+i)
	}
	return w.in
}

// input brings the rows of an image of another unit's output that output rows from to to read into
// the worker's memory, to where they are in the image.
func (o *dense) input(u *Unit, w *scratch, image, from, to int, first bool) []float32 {
	g, row := o.window, u.in.w*u.in.c
	low, high := max(from*g.Stride-g.Top, 0), min((to-1)*g.Stride-g.Top+g.Kernel, u.in.h)
	if high <= low { // they read zeros alone
		return w.in
	}
	at, x := image*u.in.pixels()+low*u.in.w, w.in[low*row:high*row]
	if a := u.pixels(x, at, at+(high-low)*u.in.w, first); &a[0] != &x[0] {
		copy(x, a)
	}
	return w.in
}

// strips calls f with the patches of some output rows at a time, from to to of an image.
func (o *dense) strips(u *Unit, w *scratch, x []float32, from, to int,
	f func(patches []float32, row, rows int)) {
	width := o.patch() * u.out.w
	for row := from; row < to; row += o.strip {
		rows := min(o.strip, to-row)
		for i := range rows {
			kernel.Im2Col(w.patches[i*width:], x, o.window, u.in.c, row+i)
		}
		f(w.patches[:rows*width], row, rows)
	}
}

func (o *dense) forward(u *Unit, w *scratch, z []float32, p, q int, out kernel.Output) {
	if u.prev == nil {
		kernel.ConvolvePacked(q-p, o.columns(u, w, p, q), &o.packed, z, out, &w.ahead)
		return
	}
	from, width := p%u.out.pixels()/u.out.w, u.out.w*u.out.c
	to := from + (q-p)/u.out.w
	x := o.input(u, w, p/u.out.pixels(), from, to, !u.inputReady)
	o.strips(u, w, x, from, to, func(patches []float32, row, rows int) {
		kernel.ConvolvePacked(rows*u.out.w, patches, &o.packed, z[(row-from)*width:][:rows*width],
			out, &w.ahead)
	})
}

func (o *dense) backward(u *Unit, w *scratch, part []float32, p, q int) {
	u.outputGrad(w.out, p, q)
	patch, out := o.patch(), u.out.c
	if u.prev == nil {
		kernel.MulTN(patch, out, q-p, o.columns(u, w, p, q), patch, w.out, out, part, out,
			&w.ahead)
		return
	}
	x, dx := o.input(u, w, p/u.out.pixels(), 0, u.out.h, false), w.back[:u.in.len()]
	clear(dx)
	o.strips(u, w, x, 0, u.out.h, func(patches []float32, row, rows int) {
		dz := w.out[row*u.out.w*out:]
		kernel.MulTN(patch, out, rows*u.out.w, patches, patch, dz, out, part, out, &w.ahead)
		if u.back {
			kernel.MulPacked(rows*u.out.w, dz, out, &o.packed, patches, patch, false, &w.ahead)
			o.spread(dx, patches, row, rows)
		}
	})
	if u.back {
		from, to := u.inputRange(p, q)
		u.prev.accept(w, dx, from, to)
	}
}

// spread adds the gradients of the patches of some rows to those of the image.
func (o *dense) spread(dx, patches []float32, row, rows int) {
	width := o.patch() * o.unit.out.w
	for i := range rows {
		kernel.Col2Im(dx, patches[i*width:], o.window, o.unit.in.c, row+i)
	}
}

func (o *dense) partialSize() int { return o.patch() * o.unit.out.c }

func (o *dense) rows(part []float32, do func(grad, part []float32)) {
	in, out := o.unit.in.c, o.unit.out.c
	fullIn, full := o.weight.Shape[2], o.weight.Shape[3]
	for tap := range o.size * o.size {
		eachRow(o.weight.Grad[tap*fullIn*full:], full, part[tap*in*out:], in, out, do)
	}
}

func (o *dense) finish() {}

func (o *dense) param() *Param { return o.weight }
