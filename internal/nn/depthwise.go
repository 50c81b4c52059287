package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// depthwise is an elastic depthwise convolution: channels are leading ones, and a smaller kernel is
// the centre of the full one, or a learned transform of it.
type depthwise struct {
	weight     *Param       // (kernel,kernel,channels) at the largest kernel
	transforms []*transform // largest kernel first; nil if smaller kernels are plain crops
	full       int          // the largest kernel
	channels   int          // full width
	stride     int
	unit       *Unit
	geometry   kernel.Padded
	taps       []float32 // the active kernel, compact (k,k,c)
	flipped    []float32
	grad       []float32 // of taps
}

// NewDepthwise makes a depthwise convolution with batch norm of kernels[len-1], the largest; the
// others, ascending, may be bound too. With transform set each of them is a learned map of the next
// larger one.
func NewDepthwise(p *Params, name string, kernels []int, stride, channels int, transforms bool,
	act Act, eps float64) *Unit {
	full := kernels[len(kernels)-1]
	op := &depthwise{full: full, channels: channels, stride: stride}
	op.weight = p.Add(name+".weight", true, HeFanOut(full*full), full, full, channels)
	if transforms {
		for i := len(kernels) - 1; i > 0; i-- {
			op.transforms = append(op.transforms, newTransform(p, name, kernels[i], kernels[i-1],
				channels))
		}
	}
	n := full * full * channels
	op.taps, op.flipped, op.grad = make([]float32, n), make([]float32, n), make([]float32, n)
	u := &Unit{BN: newBatchNorm(p, name+".bn", channels, act, eps), op: op}
	u.init()
	return u
}

// BindDepthwise plans the convolution of prev's output, with zeros around it, with a kernel of the
// given side.
func (u *Unit) BindDepthwise(g *Graph, prev *Unit, side int, pads Pads, slot Slot) {
	op := u.op.(*depthwise)
	in := prev.out
	op.geometry = kernel.Padded{Window: kernel.NewPaddedWindow(in.h, in.w, side, op.stride, pads),
		C: in.c}
	u.bind(g, prev, in, size{op.geometry.OH, op.geometry.OW, in.c}, slot)
}

// Kernel copies the bound kernel, (side,side,channels).
func (u *Unit) Kernel() []float32 {
	op := u.op.(*depthwise)
	op.crop()
	n := op.geometry.Kernel * op.geometry.Kernel * op.geometry.C
	return append([]float32(nil), op.taps[:n]...)
}

func (o *depthwise) bind(u *Unit) {
	o.unit = u
	u.tile = u.out.pixels()
	u.g.want.in = max(u.g.want.in, o.geometry.Len())
	u.g.want.out = max(u.g.want.out, o.geometry.InputGeometry().Len())
	u.g.want.line = max(u.g.want.line, u.out.w*u.out.c)
}

func (o *depthwise) prepare(backward bool) {
	if !backward {
		o.crop()
		return
	}
	clear(o.grad[:o.partialSize()])
	kernel.Flip(o.flipped, o.taps, o.geometry.Kernel, o.geometry.C)
}

// crop makes taps of the full weight.
func (o *depthwise) crop() {
	side, c := o.geometry.Kernel, o.geometry.C
	w := centre(o.weight.Data, o.full, o.channels, side)
	if used := o.used(); len(used) > 0 {
		w = kernel.Taps{Data: o.weight.Data, Row: o.full * o.channels, Col: o.channels}
		for _, t := range used {
			w = t.forward(w, c)
		}
	}
	for t := range side * side {
		copy(o.taps[t*c:][:c], w.Data[t/side*w.Row+t%side*w.Col:])
	}
}

// used is the transforms that lead to the bound kernel, largest first.
func (o *depthwise) used() []*transform {
	for i, t := range o.transforms {
		if t.from == o.geometry.Kernel {
			return o.transforms[:i]
		}
	}
	return o.transforms
}

// centre is the view of the middle side×side taps of a kernel (full,full,ld).
func centre(data []float32, full, ld, side int) kernel.Taps {
	o := (full - side) / 2
	return kernel.Taps{Data: data[(o*full+o)*ld:], Row: full * ld, Col: ld}
}

// begin makes an input that is kept before its rows are split: neighbours need some of the same.
func (o *depthwise) begin(u *Unit) {
	if u.prev.kept && u.prev.op != nil && u.g.splits() {
		u.prev.Finish()
		u.inputReady = true
	}
}

// clearEdges zeroes what is around image rows from to to in a padded image: all around, for all
// rows. The images of a chunk lie in the same place one after the other, so that it is wanted once
// a chunk.
func clearEdges(g kernel.Padded, x []float32, from, to int) {
	row := g.PW() * g.C
	if from == 0 {
		clear(x[:g.Top*row])
	}
	if to == g.H {
		clear(x[len(x)-g.Bottom*row:])
	}
	for y := from; y < to; y++ {
		line := x[(g.Top+y)*row:][:row]
		clear(line[:g.Left*g.C])
		clear(line[row-g.Right*g.C:])
	}
}

// padded brings rows from to to of an image of the input into the worker's memory, with zeros
// around it.
func (o *depthwise) padded(u *Unit, w *scratch, image, from, to int, first bool) []float32 {
	g := o.geometry
	x := w.in[:g.Len()]
	if w.fresh {
		clearEdges(g, x, from, to)
	}
	for y := from; y < to; y++ {
		row := g.Row(x, y)
		pixel := image*u.in.pixels() + y*g.W
		if a := u.pixels(row, pixel, pixel+g.W, first); &a[0] != &row[0] {
			copy(row, a)
		}
	}
	return x
}

func (o *depthwise) forward(u *Unit, w *scratch, z []float32, p, q int, out kernel.Output) {
	g, px := o.geometry, u.out.pixels()
	from := p % px / g.OW
	to := from + (q-p)/g.OW
	first, end := g.InputRows(from, to)
	in := o.padded(u, w, p/px, first, end, !u.inputReady)
	g.ConvolveRows(z, in, o.taps, from, to, out, &w.ahead)
}

func (o *depthwise) backward(u *Unit, w *scratch, part []float32, p, q int) {
	g := o.geometry
	x := o.padded(u, w, p/u.out.pixels(), 0, g.H, false)
	in := g.InputGeometry()
	dz := w.out[:in.Len()]
	if w.fresh && g.Stride == 1 && g.OH == g.H && g.OW == g.W {
		clearEdges(in, dz, 0, in.H)
	} else if w.fresh {
		clear(dz)
	}
	offset, row, pixel := g.Spread()
	for oy := range g.OH {
		at := p + oy*g.OW
		if g.Stride == 1 {
			u.outputGrad(dz[offset+oy*row:], at, at+g.OW)
			continue
		}
		line := w.line[:g.OW*g.C]
		u.outputGrad(line, at, at+g.OW)
		for ox := range g.OW {
			copy(dz[offset+oy*row+ox*pixel:][:g.C], line[ox*g.C:])
		}
	}
	g.WeightGradient(part, x, dz[offset:], row, pixel, &w.ahead)
	if u.back {
		in.Convolve(w.back, dz, o.flipped, &w.ahead)
		from, to := u.inputRange(p, q)
		u.prev.accept(w, w.back, from, to)
	}
}

func (o *depthwise) partialSize() int {
	return o.geometry.Kernel * o.geometry.Kernel * o.geometry.C
}

func (o *depthwise) rows(part []float32, do func(grad, part []float32)) {
	do(o.grad[:len(part)], part)
}

// finish takes the gradient of the bound kernel to that of the full one.
func (o *depthwise) finish() {
	side, c := o.geometry.Kernel, o.geometry.C
	grad := o.grad[:o.partialSize()]
	used := o.used()
	if len(used) == 0 {
		w := centre(o.weight.Grad, o.full, o.channels, side)
		for t := range side * side {
			kernel.Add(w.Data[t/side*w.Row+t%side*w.Col:][:c], grad[t*c:])
		}
		return
	}
	last := used[len(used)-1]
	for t := range side * side {
		copy(last.grad[t*last.channels:][:c], grad[t*c:])
	}
	for i := len(used) - 1; i > 0; i-- {
		clear(used[i-1].grad)
		used[i].backward(used[i-1].view(used[i-1].grad), c)
	}
	used[0].backward(kernel.Taps{Data: o.weight.Grad, Row: o.full * o.channels, Col: o.channels}, c)
}

func (o *depthwise) param() *Param { return o.weight }
