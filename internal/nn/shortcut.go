package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// shortcut is a 1x1 convolution of elastic width over a shortcut, as ResNet-D has it: with a stride
// it works on the means of windows of stride x stride pixels, those that reach over the edge having
// fewer. The gradient of its input waits for that of the unit that reads the same input.
type shortcut struct {
	weight *Param // (in,out)
	full   int    // out at full width: the leading dimension
	stride int
	unit   *Unit
	window kernel.Window
	packed kernel.Packed

	sumTask func(worker, chunk int)
}

// NewShortcut makes a 1x1 convolution with batch norm and without activation.
func NewShortcut(p *Params, name string, stride, in, out int, eps float64) *Unit {
	op := &shortcut{full: out, stride: stride,
		weight: p.Add(name+".weight", true, HeFanOut(out), in, out)}
	u := &Unit{BN: newBatchNorm(p, name+".bn", out, Identity, eps), op: op}
	u.init()
	op.sumTask = u.takeSum
	return u
}

// BindShortcut plans the convolution of prev's output to out channels. Whatever else reads prev
// runs before it forward, and after it backward.
func (u *Unit) BindShortcut(g *Graph, prev *Unit, out int, slot Slot) {
	op, in := u.op.(*shortcut), prev.out
	op.window = shortcutWindow(in.h, in.w, op.stride)
	u.bind(g, prev, in, size{op.window.OH, op.window.OW, out}, slot)
	u.keepIn(keptShortcut)
}

// shortcutWindow has windows beside each other that cover the whole image.
func shortcutWindow(h, w, stride int) kernel.Window {
	outH, outW := (h-1)/stride+1, (w-1)/stride+1
	return kernel.NewPaddedWindow(h, w, stride, stride,
		Pads{Bottom: outH*stride - h, Right: outW*stride - w})
}

func (o *shortcut) bind(u *Unit) {
	o.unit = u
	u.tile = u.out.pixels()
	u.g.want.patches = max(u.g.want.patches, u.out.pixels()*u.in.c)
	if u.g.mode == Train && u.back {
		u.prev.over = u.g.memory.alloc(u.g.n * u.in.len())
	}
}

func (o *shortcut) prepare(backward bool) {
	in, out := o.unit.in.c, o.unit.out.c
	if backward {
		o.packed.PackTransposed(out, in, o.weight.Data, o.full)
		return
	}
	o.packed.Pack(in, out, o.weight.Data, o.full)
}

func (o *shortcut) begin(*Unit) {}

// means are what is convolved: of output pixels p to q, whole rows of an image.
func (o *shortcut) means(u *Unit, w *scratch, p, q int) []float32 {
	if o.stride == 1 {
		return u.pixels(w.in, p, q, false)
	}
	image, from := p/u.out.pixels(), p%u.out.pixels()/u.out.w
	rows := (q - p) / u.out.w
	first, end := from*o.stride, min((from+rows)*o.stride, u.in.h)
	at := image*u.in.pixels() + first*u.in.w
	x := u.pixels(w.in, at, at+(end-first)*u.in.w, false)
	kernel.MeanWindows(w.patches, x, shortcutWindow(end-first, u.in.w, o.stride), u.in.c)
	return w.patches
}

func (o *shortcut) forward(u *Unit, w *scratch, z []float32, p, q int, out kernel.Output) {
	kernel.ConvolvePacked(q-p, o.means(u, w, p, q), &o.packed, z, out, &w.ahead)
}

func (o *shortcut) backward(u *Unit, w *scratch, part []float32, p, q int) {
	in, out := u.in.c, u.out.c
	u.outputGrad(w.out, p, q)
	kernel.MulTN(in, out, q-p, o.means(u, w, p, q), in, w.out, out, part, out, &w.ahead)
	if !u.back {
		return
	}
	dx := u.prev.over[p/u.out.pixels()*u.in.len():][:u.in.len()]
	if o.stride == 1 {
		kernel.MulPacked(q-p, w.out, out, &o.packed, dx, in, false, &w.ahead)
		return
	}
	kernel.MulPacked(q-p, w.out, out, &o.packed, w.patches, in, false, &w.ahead)
	kernel.MeanWindowsInput(dx, w.patches, o.window, in)
}

func (o *shortcut) partialSize() int { return o.unit.in.c * o.unit.out.c }

func (o *shortcut) rows(part []float32, do func(grad, part []float32)) {
	eachRow(o.weight.Grad, o.full, part, o.unit.in.c, o.unit.out.c, do)
}

func (o *shortcut) finish() {}

func (o *shortcut) param() *Param { return o.weight }

// BackwardSum gives the shortcut the gradient of the sum that it is part of, and goes back.
func (u *Unit) BackwardSum() {
	u.g.pool.Run(u.g.chunks(), u.op.(*shortcut).sumTask)
	u.Backward()
}

func (u *Unit) takeSum(worker, chunk int) {
	w := &u.g.scratch[worker]
	u.beginSums(w, chunk)
	defer w.endSums()
	for p, end := u.pixelRange(chunk); p < end; p += u.tile {
		q := min(p+u.tile, end)
		d := w.out[:(q-p)*u.out.c]
		clear(d) // of what else reads it: nothing does
		u.accept(w, d, p, q)
	}
}
