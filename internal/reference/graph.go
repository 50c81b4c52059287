package reference

import (
	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
)

// Act is an activation function.
type Act = kernel.Act

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

// Slot names one of the shared buffers that gradients, and activations outside training, live in.
// Two tensors that are alive at the same time need different slots.
type Slot uint8

// Blocks alternate their outputs between Outer0 and Outer1, and what is inside a block between
// Inner0 and Inner1.
const (
	Outer0 Slot = iota
	Outer1
	Inner0
	Inner1
	slots
)

// Tensor is an activation of all images of the batch, (N,H,W,C).
type Tensor struct {
	H, W, C int
	data    []float32 // nil outside training: then it is in its slot
	slot    Slot
}

// Flat is the same values without height and width, in the order (height,width,channels).
func (t Tensor) Flat() Tensor {
	t.H, t.W, t.C = 1, 1, t.H*t.W*t.C
	return t
}

// gradChunks is how many partial sums a sum over the batch has. It bounds the parallelism of weight
// gradients and must not depend on the number of workers.
const gradChunks = 8

// Graph is what the layers of one bound network share: batch size, mode and memory.
type Graph struct {
	pool    *nn.Pool
	n       int
	mode    Mode
	need    [slots]int
	slot    [slots][]float32
	dz      []float32
	dzNeed  int
	partial []float32
	sums    []float64
}

// NewGraph makes an empty graph that runs on a pool.
func NewGraph(pool *nn.Pool) *Graph { return &Graph{pool: pool} }

// Begin starts to bind a network for batches of n images.
func (g *Graph) Begin(n int, mode Mode) {
	g.n, g.mode = n, mode
	g.need, g.dzNeed = [slots]int{}, 0
}

// End allocates the shared buffers that the bound layers asked for.
func (g *Graph) End() {
	for i, n := range g.need {
		g.slot[i] = grow(g.slot[i], n)
	}
	g.dz = grow(g.dz, g.dzNeed)
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// N is the number of images in a batch.
func (g *Graph) N() int { return g.n }

// Input plans the network's input, which has memory of its own and no gradient.
func (g *Graph) Input(h, w, c int) Tensor {
	return Tensor{H: h, W: w, C: c, data: make([]float32, g.n*h*w*c)}
}

// Tensor plans an activation.
func (g *Graph) Tensor(h, w, c int, slot Slot) Tensor {
	t := Tensor{H: h, W: w, C: c, slot: slot}
	size := g.n * h * w * c
	if g.mode == Train {
		t.data = make([]float32, size)
	}
	g.need[slot] = max(g.need[slot], size)
	g.dzNeed = max(g.dzNeed, size)
	return t
}

// Data is an activation's values.
func (g *Graph) Data(t Tensor) []float32 {
	if t.data != nil {
		return t.data
	}
	return g.slot[t.slot][:g.n*t.H*t.W*t.C]
}

// Grad is the gradient of the loss with respect to an activation.
func (g *Graph) Grad(t Tensor) []float32 { return g.slot[t.slot][:g.n*t.H*t.W*t.C] }

// chunks is the number of parts that the batch is split into.
func (g *Graph) chunks() int { return min(g.n, gradChunks) }

// images is the range of images of a chunk.
func (g *Graph) images(chunk int) (from, to int) {
	c := g.chunks()
	return g.n * chunk / c, g.n * (chunk + 1) / c
}

// partials gives one zeroed buffer of n floats a chunk, for sums over images.
func (g *Graph) partials(n int) []float32 {
	g.partial = grow(g.partial, n*g.chunks())
	clear(g.partial)
	return g.partial
}

// reduce adds the partial (rows,cols) sums of every chunk to dst with leading dimension ld, in the
// order of the chunks.
func (g *Graph) reduce(dst []float32, ld, rows, cols int) {
	size := rows * cols
	for chunk := range g.chunks() {
		part := g.partial[chunk*size:][:size]
		for r := range rows {
			kernel.Add(dst[r*ld:][:cols], part[r*cols:][:cols])
		}
	}
}

// chunkSums gives two zeroed vectors of c float64 a chunk.
func (g *Graph) chunkSums(c int) []float64 {
	g.sums = grow(g.sums, 2*c*g.chunks())
	clear(g.sums)
	return g.sums
}

// Add computes y += x, for a shortcut.
func (g *Graph) Add(y, x Tensor) { g.each(g.Data(y), g.Data(x)) }

// AddGrad computes grad(y) += grad(x).
func (g *Graph) AddGrad(y, x Tensor) { g.each(g.Grad(y), g.Grad(x)) }

func (g *Graph) each(y, x []float32) {
	per := len(y) / g.n
	g.pool.Run(g.chunks(), func(_, chunk int) {
		from, to := g.images(chunk)
		kernel.Add(y[from*per:to*per], x[from*per:to*per])
	})
}
