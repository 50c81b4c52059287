package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// Unit is a convolution with the batch norm and activation behind it.
type Unit struct {
	BN *BatchNorm
	op op

	g           *Graph
	prev        *Unit     // whose output it convolves; nil for the first
	source      []float32 // the images that the first unit convolves
	in, out     size
	tile        int       // output pixels taken at a time, backward
	forwardTile int       // and forward
	z           []float32 // (N,out): the raw convolution
	grad        []float32 // (N,out): gradient of the batch norm's output
	large       bool      // z and grad do not stay in the caches until they are read again
	zSlot       Slot      // where z (outside training) and grad (in training) live
	y           []float32 // (N,out): the output, if it is kept
	ySlot       Slot
	kept        bool
	skip        *Unit     // whose kept output is added to this one's
	skipped     *Unit     // the unit that adds this one's kept output
	after       Act       // behind that sum, of a unit that has none before it
	sum         []float32 // (N,out): gradient of the sum, where it is not that of the batch norm
	over        []float32 // (N,out): gradient that comes back over a shortcut with a convolution
	back        bool      // the input's gradient is wanted
	ready       bool      // for inference: the weights are prepared
	inputReady  bool      // the input, if it is kept, has been computed

	forwardTask, backwardTask, finishTask func(worker, chunk int)
}

// size is height, width and channels of an activation of one image.
type size struct{ h, w, c int }

func (s size) pixels() int { return s.h * s.w }
func (s size) len() int    { return s.h * s.w * s.c }

// op is a kind of convolution. It works on output pixels p to q of the batch at a time: in training
// whole images, unless it said that it can do with less; forward, in inference on one image, rows.
// w is the worker's memory.
type op interface {
	bind(u *Unit)
	// prepare brings the weights into the form that forward, or backward, reads.
	prepare(backward bool)
	// begin is called before the images of a forward pass.
	begin(u *Unit)
	// forward convolves what u.prev gives into z, and does what out says with it.
	forward(u *Unit, w *scratch, z []float32, p, q int, out kernel.Output)
	// backward adds the weight gradients to a chunk's partial buffer, zeroed before, and, if it is
	// wanted, lets the previous unit accept the gradient of the input.
	backward(u *Unit, w *scratch, part []float32, p, q int)
	// partialSize is the number of values in a chunk's partial buffer.
	partialSize() int
	reducer
	param() *Param
}

// Weight is the convolution's weight at full size: (in,out), (kernel,kernel,in,out), or depthwise
// (kernel,kernel,channels).
func (u *Unit) Weight() *Param { return u.op.param() }

func (u *Unit) init() {
	u.forwardTask, u.backwardTask, u.finishTask = u.forwardChunk, u.backwardChunk, u.finishChunk
}

// bind plans the unit's memory; op.bind has more to say.
func (u *Unit) bind(g *Graph, prev *Unit, in, out size, slot Slot) {
	*u = Unit{
		BN: u.BN, op: u.op, forwardTask: u.forwardTask, backwardTask: u.backwardTask,
		finishTask: u.finishTask,
		g:          g, prev: prev, in: in, out: out, zSlot: slot,
	}
	u.back = prev != nil && prev.learns()
	u.large = g.n*out.len() >= largeValues
	images := max(1, min(cacheValues/max(in.len(), out.len()), g.maxChunk()))
	u.tile = images * out.pixels()
	if g.mode == Train {
		u.z = g.memory.alloc(g.n * out.len())
	}
	g.need[slot] = max(g.need[slot], g.n*out.len())
	u.BN.bind(g, out.c, out.pixels())
	g.want.in = max(g.want.in, images*in.len())
	g.want.out = max(g.want.out, images*out.len())
	g.want.back = max(g.want.back, images*in.len())
	g.want.moments = max(g.want.moments, 2*max(in.c, out.c))
	u.op.bind(u)
	g.partial.size = max(g.partial.size, u.op.partialSize())
	if u.forwardTile == 0 {
		u.forwardTile = u.tile
	}
	g.units = append(g.units, u)
}

// AddSkip makes the unit's output the sum of itself and the output of an earlier unit of the same
// shape.
func (u *Unit) AddSkip(from *Unit) {
	u.skip, from.skipped = from, u
	if from.op == nil {
		from.y, from.kept = from.source, true
	}
	from.keep()
	u.keep()
	if u.g.mode == Train && u.BN.norm.Act != Identity {
		u.sum = u.g.memory.alloc(u.g.n * u.out.len())
	}
}

// keep makes the unit's output a tensor in memory.
func (u *Unit) keep() {
	if u.kept {
		return
	}
	// A kept output is read until the next one that adds it has been made.
	slot := kept0
	if u.skip != nil && u.skip.ySlot == kept0 {
		slot = kept1
	}
	u.keepIn(slot)
}

// keepIn keeps the output, outside training in a slot.
func (u *Unit) keepIn(slot Slot) {
	u.kept = true
	if u.g.mode == Train {
		u.y = u.g.memory.alloc(u.g.n * u.out.len())
		return
	}
	u.ySlot = slot
	u.g.need[u.ySlot] = max(u.g.need[u.ySlot], u.g.n*u.out.len())
}

// resolve finds the memory that was planned.
func (u *Unit) resolve() {
	g, n := u.g, u.g.n*u.out.len()
	if g.mode == Train {
		u.grad = g.rolling[u.zSlot][:n]
		return
	}
	u.z = g.rolling[u.zSlot][:n]
	if u.kept {
		u.y = g.rolling[u.ySlot][:n]
	}
}

// InputUnit stands for images (N,H,W,C) where a unit is expected: a block that is timed on its own.
func (g *Graph) InputUnit(images []float32, h, w, c int) *Unit {
	return &Unit{g: g, source: images, out: size{h, w, c}}
}

// InputVector stands for images, c values each, where a vector is expected.
func (g *Graph) InputVector(images []float32, c int) *Vector {
	g.input = Vector{C: c, Data: images}
	return &g.input
}

// Forward runs the unit on the batch. In inference weights and statistics are those of the first
// call after Bind.
func (u *Unit) Forward() {
	if !u.ready {
		u.op.prepare(false)
	}
	u.inputReady = false
	u.op.begin(u)
	u.g.pool.Run(u.g.forwardTasks(), u.forwardTask)
	switch {
	case u.g.mode != Infer:
		u.BN.useBatch()
	case !u.ready:
		u.BN.useRecorded()
		u.ready = true
	}
}

func (u *Unit) forwardChunk(worker, chunk int) {
	w := &u.g.scratch[worker]
	w.fresh = true
	out := kernel.Output{Stream: u.large && u.g.mode == Train}
	if u.g.mode != Infer {
		out.Sums = &w.sums
		u.beginSums(w, chunk)
	}
	for p, end := u.forwardRange(chunk); p < end; p += u.forwardTile {
		q := min(p+u.forwardTile, end)
		z := u.z[p*u.out.c : q*u.out.c]
		w.ahead.Reset()
		if next := min(q+u.forwardTile, end); next > q && u.prev != nil {
			from, to := u.inputRange(q, next)
			u.prev.fetchOutput(&w.ahead, from, to, true)
		}
		u.op.forward(u, w, z, p, q, out)
		w.fresh = false
	}
	if out.Sums != nil {
		w.endSums()
	}
}

// pixelRange is the output pixels of a chunk's images.
func (u *Unit) pixelRange(chunk int) (from, to int) {
	from, to = u.g.images(chunk)
	return from * u.out.pixels(), to * u.out.pixels()
}

// forwardRange is the output pixels of a task of the forward pass: a chunk's, or, where one image
// is all there is, some rows.
func (u *Unit) forwardRange(task int) (from, to int) {
	if tasks := u.g.forwardTasks(); u.g.splits() {
		return u.out.h * task / tasks * u.out.w, u.out.h * (task + 1) / tasks * u.out.w
	}
	return u.pixelRange(task)
}

// Finish makes the output of a unit that no other reads: of a block that is timed on its own, or of
// a shortcut.
func (u *Unit) Finish() {
	if u.op != nil {
		u.g.pool.Run(u.g.forwardTasks(), u.finishTask)
	}
}

func (u *Unit) finishChunk(worker, task int) {
	for p, end := u.forwardRange(task); p < end; p += u.tile {
		u.output(u.g.scratch[worker].out, p, min(p+u.tile, end), true)
	}
}

// Backward takes the gradient of the batch norm's output, which the next unit left, back to the
// previous unit.
func (u *Unit) Backward() {
	u.BN.backward()
	u.op.prepare(true)
	u.g.addGradients(u.op, u.backwardTask)
}

func (u *Unit) backwardChunk(worker, chunk int) {
	w := &u.g.scratch[worker]
	w.fresh = true
	part := u.g.partial.take(u.op.partialSize())
	if u.back {
		u.prev.beginSums(w, chunk)
		defer w.endSums()
	}
	for p, end := u.pixelRange(chunk); p < end; p += u.tile {
		q := min(p+u.tile, end)
		w.ahead.Reset()
		if next := min(q+u.tile, end); next > q {
			u.fetchGrad(&w.ahead, q, next)
			if u.prev != nil {
				from, to := u.inputRange(q, next)
				u.prev.fetchOutput(&w.ahead, from, to, false)
			}
		}
		u.op.backward(u, w, part, p, q)
		w.fresh = false
	}
	u.g.partial.hand(chunk, part)
}

// inputRange is the input pixels of whole images, or, where each output pixel has one input pixel,
// of any.
func (u *Unit) inputRange(p, q int) (from, to int) {
	in, out := u.in.pixels(), u.out.pixels()
	return p * in / out, q * in / out
}

// beginSums begins the sums over a chunk of the unit's raw outputs, or of gradients.
func (u *Unit) beginSums(w *scratch, chunk int) {
	if u.op == nil { // it has no batch norm
		w.sums = kernel.Sums{}
		return
	}
	first, second := u.BN.chunkSums(u.g.share.part + chunk)
	clear(first)
	clear(second)
	w.sums.Begin(first, second, w.moments)
}

// endSums ends the work on a chunk: its sums are complete, and what was written can be read by
// other workers.
func (w *scratch) endSums() {
	w.sums.End()
	kernel.Settle()
}

// accept takes the gradient d of the unit's output, pixels p to q over the batch, adds what comes
// over a shortcut, and keeps it as it is behind the activation, adding to the sums. d may be
// overwritten.
func (u *Unit) accept(w *scratch, d []float32, p, q int) {
	p, q = p*u.out.c, q*u.out.c
	if u.skipped != nil {
		kernel.Add(d[:q-p], u.skipped.sumGrad()[p:q])
	}
	if u.over != nil {
		kernel.Add(d[:q-p], u.over[p:q])
	}
	if u.op == nil {
		copy(u.grad[p:q], d)
		return
	}
	if u.skip != nil {
		u.acceptSum(d[:q-p], p)
	}
	u.BN.norm.Gradient(u.grad[p:q], d, u.z[p:q], &w.sums, u.large)
}

// output gives the unit's output, pixels from to to over the batch. first is set in the forward
// pass, where kept outputs are made; dst is used where the output is not in memory as it is.
func (u *Unit) output(dst []float32, from, to int, first bool) []float32 {
	c := u.out.c
	switch {
	case u.op == nil:
		return u.source[from*c : to*c]
	case u.kept && !first:
		return u.y[from*c : to*c]
	case u.kept:
		dst = u.y[from*c : to*c]
	default:
		dst = dst[:(to-from)*c]
	}
	z, norm := u.z[from*c:to*c], &u.BN.norm
	if u.skip != nil {
		u.addSkip(dst, z, u.skip.y[from*c:to*c])
		return dst
	}
	kernel.Map(dst, z, norm.Scale, norm.Shift, norm.Act)
	return dst
}

// fetchOutput and fetchGrad have the memory fetched that output and outputGrad will read.
func (u *Unit) fetchOutput(a *kernel.Ahead, from, to int, first bool) {
	from, to = from*u.out.c, to*u.out.c
	switch {
	case u.op == nil:
		a.Add(u.source[from:to])
		return
	case u.kept && !first:
		a.Add(u.y[from:to])
		return
	}
	a.Add(u.z[from:to])
	if u.skip != nil {
		a.Add(u.skip.y[from:to])
	}
}

func (u *Unit) fetchGrad(a *kernel.Ahead, from, to int) {
	from, to = from*u.out.c, to*u.out.c
	a.Add(u.grad[from:to])
	a.Add(u.z[from:to])
}

// pixels gives the unit's input, pixels from to to over the batch.
func (u *Unit) pixels(dst []float32, from, to int, first bool) []float32 {
	if u.prev == nil {
		return u.source[from*u.in.c : to*u.in.c]
	}
	return u.prev.output(dst, from, to, first)
}

// outputGrad writes the gradient of z, pixels from to to over the batch.
func (u *Unit) outputGrad(dst []float32, from, to int) {
	c, k := u.out.c, &u.BN.other
	kernel.Combine(dst[:(to-from)*c], u.grad[from*c:to*c], u.z[from*c:to*c], k[0], k[1], k[2])
}
