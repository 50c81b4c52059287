package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// pointwise is a 1x1 convolution of elastic width, perhaps with squeeze-and-excitation on its
// input.
type pointwise struct {
	weight *Param // (in,out)
	full   int    // out at full width: the leading dimension
	se     *SE    // nil without
	unit   *Unit
	packed product
}

// NewPointwise makes a 1x1 convolution with batch norm. se, which may be nil, works on its input.
func NewPointwise(p *Params, name string, in, out int, se *SE, act Act, eps float64) *Unit {
	op := &pointwise{full: out, se: se, weight: p.Add(name+".weight", true, HeFanOut(out), in, out)}
	u := &Unit{BN: newBatchNorm(p, name+".bn", out, act, eps), op: op}
	u.init()
	return u
}

// BindPointwise plans the convolution of prev's output to out channels; hidden is for its
// squeeze-and-excitation, 0 for none.
func (u *Unit) BindPointwise(g *Graph, prev *Unit, out, hidden int, slot Slot) {
	op := u.op.(*pointwise)
	if op.se != nil {
		op.se.hidden = hidden
	}
	u.bind(g, prev, prev.out, size{prev.out.h, prev.out.w, out}, slot)
}

func (o *pointwise) withSE() bool { return o.se != nil && o.se.hidden > 0 }

func (o *pointwise) bind(u *Unit) {
	o.unit = u
	if o.withSE() {
		o.se.bind(u)
		return
	}
	// No pixel needs another: less than an image will do.
	most := max(u.in.c, u.out.c)
	u.tile = max(leastPixels, pixelValues/most/tileRows*tileRows)
	u.forwardTile = min(u.tile, max(tileRows, strideValues/u.in.c/tileRows*tileRows))
	u.g.want.in = max(u.g.want.in, u.tile*most)
	u.g.want.out = max(u.g.want.out, u.tile*most)
	u.g.want.back = max(u.g.want.back, u.tile*most)
}

func (o *pointwise) prepare(backward bool) {
	in, out := o.unit.in.c, o.unit.out.c
	if backward {
		o.packed.dense.PackTransposed(out, in, o.weight.Data, o.full)
	} else {
		o.pack(in, out)
	}
	if o.withSE() {
		o.se.prepare(backward)
	}
}

// pack packs the weight for the forward pass. A product that skips zeros wants parts of other sizes
// than a dense one.
func (o *pointwise) pack(in, out int) {
	u := o.unit
	part := u.tile
	if !o.withSE() {
		part = min(u.tile, max(1, strideValues/in/kernel.SparseRows)*kernel.SparseRows)
	}
	o.packed.pack(u.g, min(part, u.g.maxChunk()*u.out.pixels()), in, out, o.weight.Data, o.full)
	if o.packed.skips {
		u.forwardTile = part
	}
}

// begin takes the gates of an image whose pixels will be split.
func (o *pointwise) begin(u *Unit) {
	if o.withSE() && u.g.splits() {
		w := &u.g.scratch[0]
		o.se.gates(w, u.pixels(w.in, 0, u.in.pixels(), true), 0, 1)
	}
}

func (o *pointwise) forward(u *Unit, w *scratch, z []float32, p, q int, out kernel.Output) {
	a := u.pixels(w.in, p, q, true)
	switch {
	case o.withSE() && u.g.splits():
		kernel.Map(w.in, a, o.se.gate[:u.in.c], o.se.zero, Identity)
		a = w.in
	case o.withSE():
		a = o.se.forward(w, a, p/u.in.pixels(), (q-p)/u.in.pixels())
	}
	o.packed.convolve(w, q-p, a, z, out)
}

func (o *pointwise) backward(u *Unit, w *scratch, part []float32, p, q int) {
	in, out, rows := u.in.c, u.out.c, q-p
	var a []float32
	if o.withSE() {
		u.outputGrad(w.out, p, q)
		kernel.MulPacked(rows, w.out, out, &o.packed.dense, w.back, in, false, &w.ahead)
		a = o.se.backward(w, part[in*out:], u.pixels(w.in, p, q, false), w.back[:rows*in],
			p/u.in.pixels(), rows/u.in.pixels())
		u.prev.accept(w, w.back, p, q)
	} else {
		a = o.backwardParts(u, w, p, q)
	}
	kernel.MulTN(in, out, rows, a, in, w.out, out, part, out, &w.ahead)
}

// backwardParts takes a tile back to the previous unit in parts that stay in the first level cache,
// and leaves the gradient of its output in w.out. It gives the tile's input.
func (o *pointwise) backwardParts(u *Unit, w *scratch, p, q int) []float32 {
	in, out := u.in.c, u.out.c
	var input []float32
	for from := p; from < q; from += u.forwardTile {
		to, at := min(from+u.forwardTile, q), from-p
		u.outputGrad(w.out[at*out:], from, to)
		a := u.pixels(w.in[at*in:], from, to, false)
		if from == p {
			input = a[:(q-p)*in] // the parts that follow lie behind it
		}
		if u.back {
			kernel.MulPacked(to-from, w.out[at*out:], out, &o.packed.dense, w.back, in, false,
				&w.ahead)
			u.prev.accept(w, w.back, from, to)
		}
	}
	return input
}

func (o *pointwise) partialSize() int {
	n := o.unit.in.c * o.unit.out.c
	if o.withSE() {
		n += o.se.partialSize()
	}
	return n
}

func (o *pointwise) rows(part []float32, do func(grad, part []float32)) {
	in, out := o.unit.in.c, o.unit.out.c
	eachRow(o.weight.Grad, o.full, part, in, out, do)
	if o.withSE() {
		o.se.rows(part[in*out:], do)
	}
}

func (o *pointwise) finish() {}

func (o *pointwise) param() *Param { return o.weight }
