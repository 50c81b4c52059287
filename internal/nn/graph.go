package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// Act is an activation function.
type Act = kernel.Act

// Pads are the rows and columns of zeros around a map that is convolved.
type Pads = kernel.Pads

// The activation functions.
const (
	Identity = kernel.Identity
	ReLU     = kernel.ReLU
	ReLU6    = kernel.ReLU6
	HSwish   = kernel.HSwish
	SiLU     = kernel.SiLU
	HSigmoid = kernel.HSigmoid
	Sigmoid  = kernel.Sigmoid
)

// Kernels names the instruction set that the kernels use.
func Kernels() string { return kernel.Best().String() }

// Mode is what a bound network is for.
type Mode uint8

const (
	// Train normalises with batch statistics and keeps what the backward pass needs.
	Train Mode = iota
	// Calibrate normalises with batch statistics and records them, image-weighted, in every batch
	// norm.
	Calibrate
	// Infer normalises with the recorded statistics.
	Infer
)

// chunkCount is how many parts a batch is split into: the tasks of a pass, each with a partial sum
// of its own. It bounds the parallelism and must not depend on the number of workers.
const chunkCount = 8

// A worker takes so much of an activation at a time that what it does to it in turn finds it in its
// second level cache, beside the weights: about so many values where it must be whole images, and
// pixels where any will do.
const (
	cacheValues  = 64 << 10
	pixelValues  = 32 << 10
	strideValues = 8 << 10 // of the part of a tile that goes through the first level cache
	largeValues  = 2 << 20 // of a tensor that no cache keeps
	leastPixels  = 72      // fewer make the weight gradient pass over its matrix too often
	tileRows     = 12      // of the matrix product
)

// Graph is what the units of one bound network share: batch size, mode, and memory, which is
// planned when the network is bound and given back when the next is.
type Graph struct {
	pool    *Pool
	n       int // images of the batch that are here
	share   share
	mode    Mode
	memory  arena
	rolling [rollingSlots][]float32
	need    [rollingSlots]int
	partial partials
	late    late
	scratch []scratch // by worker
	want    scratchSizes
	units   []*Unit // bound
	input   Vector  // the images, where they come in as a vector
}

// Slot names memory that is used in turn: for gradients in training, for activations otherwise. Two
// units whose values are alive at the same time need different slots.
type Slot uint8

// Blocks alternate between Outer0 and Outer1 for what leaves them; what does not is in Inner0 and
// Inner1. Kept outputs have two more, and those of shortcuts one.
const (
	Outer0 Slot = iota
	Outer1
	Inner0
	Inner1
	kept0
	kept1
	keptShortcut
	rollingSlots
)

// scratch is what one worker needs while it works on a few images.
type scratch struct {
	in, out, back []float32    // the unit's input, gradient of its output, gradient of its input
	line          []float32    // a row of gradients
	patches       []float32    // of a dense convolution, or means of windows
	sparse        []float32    // for products that skip zeros
	sums          kernel.Sums  // of a chunk's outputs
	moments       []float32    // for sums
	ahead         kernel.Ahead // what comes after them
	fresh         bool         // these are the chunk's first
}

type scratchSizes struct{ in, out, back, line, patches, moments int }

// NewGraph makes an empty graph that runs on a pool.
func NewGraph(pool *Pool) *Graph {
	return &Graph{pool: pool,
		scratch: make([]scratch, pool.Workers())}
}

// Begin starts to bind a network for batches of n images. In a group of processes that is the whole
// batch, of which each has its share, but for inference.
func (g *Graph) Begin(n int, mode Mode) {
	group := g.pool.Group
	if mode == Infer {
		group = nil
	}
	g.share, g.partial.parts, g.n = shareOf(group, n)
	g.mode = mode
	g.memory.reset()
	g.need = [rollingSlots]int{}
	g.units = g.units[:0]
}

// End allocates the memory that the bound units share.
func (g *Graph) End() {
	for i, n := range g.need {
		g.rolling[i] = grow(g.rolling[i], n)
	}
	for i := range g.scratch {
		s := &g.scratch[i]
		s.in, s.out, s.back = grow(s.in, g.want.in), grow(s.out, g.want.out),
			grow(s.back, g.want.back)
		s.line, s.moments = grow(s.line, g.want.line), grow(s.moments, g.want.moments)
		s.patches = grow(s.patches, g.want.patches)
	}
	for _, u := range g.units {
		u.resolve()
	}
}

// Bytes is the memory that the graphs bound so far needed: for the values of a batch, and for what
// does not grow with it.
func (g *Graph) Bytes() (values, rest int64) {
	values = int64(max(len(g.memory.block), g.memory.wanted))
	for _, r := range g.rolling {
		values += int64(cap(r))
	}
	for _, p := range g.partial.free {
		rest += int64(cap(p))
	}
	for _, s := range g.scratch {
		for _, v := range [][]float32{s.in, s.out, s.back, s.line, s.patches, s.sparse} {
			rest += int64(cap(v))
		}
	}
	const float = 4
	return float * values, float * rest
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Input plans memory for a batch of images.
func (g *Graph) Input(h, w, c int) []float32 { return g.memory.alloc(g.n * h * w * c) }

// chunks is the number of parts of the batch that are here.
func (g *Graph) chunks() int { return g.partial.parts }

// splits says whether the workers share the rows of an image: in inference on one image.
func (g *Graph) splits() bool { return g.mode == Infer && g.n == 1 && g.pool.Workers() > 1 }

// forwardTasks is the number of tasks of a forward pass.
func (g *Graph) forwardTasks() int {
	if g.splits() {
		return g.pool.Workers()
	}
	return g.chunks()
}

// images is the range of images of a chunk, counted from the first that is here.
func (g *Graph) images(chunk int) (from, to int) {
	s := &g.share
	chunk += s.part
	return s.batch*chunk/s.parts - s.image, s.batch*(chunk+1)/s.parts - s.image
}

// maxChunk is the most images that a chunk has, of those of other processes too: what is computed
// at once must not depend on who does.
func (g *Graph) maxChunk() int { return (g.share.batch + g.share.parts - 1) / g.share.parts }

// eachRow calls do with the rows of the (rows,cols) matrix part and the first columns of dst, whose
// rows are ld apart.
func eachRow(dst []float32, ld int, part []float32, rows, cols int,
	do func(grad, part []float32)) {
	for r := range rows {
		do(dst[r*ld:][:cols], part[r*cols:][:cols])
	}
}
