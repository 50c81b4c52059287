package supernet

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/nn"
)

// runner runs networks that share one set of weights, one at a time. Several runners may infer at
// once with the same weights; batch norm statistics are each runner's own.
type runner struct {
	graph  *nn.Graph
	params *nn.Params
	layers map[string]layer
	bound  []layer
	input  []float32
	last   flow
}

func newRunner(pool *nn.Pool, params *nn.Params) *runner {
	return &runner{graph: nn.NewGraph(pool), params: params, layers: map[string]layer{}}
}

// Bind makes the network of the given blocks the one that runs, on batches of n images. It costs
// microseconds once memory for the largest network has been allocated.
func (r *runner) Bind(blocks []Block, n int, mode nn.Mode) {
	r.bind(blocks, n, mode)
	if mode == nn.Calibrate {
		r.eachNorm((*nn.BatchNorm).ResetStatistics)
	}
}

// Rebind changes the number of images in a batch within a calibration, whose statistics go on.
func (r *runner) Rebind(blocks []Block, n int) { r.bind(blocks, n, nn.Calibrate) }

func (r *runner) bind(blocks []Block, n int, mode nn.Mode) {
	r.graph.Begin(n, mode)
	in := blocks[0].In
	r.input = r.graph.Input(in.H, in.W, in.C)
	r.bound = r.bound[:0]
	at := flow{images: r.input}
	for i, b := range blocks {
		l := r.layers[b.Name]
		at = l.bind(r.graph, b, at, nn.Outer0+nn.Slot(i&1))
		r.bound = append(r.bound, l)
	}
	r.last = at
	r.graph.End()
}

func (r *runner) eachNorm(f func(*nn.BatchNorm)) {
	for _, l := range r.bound {
		for _, n := range l.norms() {
			f(n)
		}
	}
}

// Input is where the batch goes, (N,H,W,C).
func (r *runner) Input() []float32 { return r.input }

// Forward runs the bound network on its input and gives the logits, (N,classes), valid until the
// next call. A list that ends in a block with batch norm, as one bound for timing may, gives nil.
func (r *runner) Forward() []float32 {
	for _, l := range r.bound {
		l.forward()
	}
	if r.last.vector == nil {
		r.last.unit.Finish()
		return nil
	}
	return r.last.vector.Data
}

// LogitGrad is where the gradient of the loss with respect to the logits goes before
// [runner.Backward].
func (r *runner) LogitGrad() []float32 { return r.last.vector.Grad }

// Backward adds the gradients of the bound network's weights to the supernet's.
func (r *runner) Backward() {
	for i := len(r.bound) - 1; i >= 0; i-- {
		r.bound[i].backward()
	}
	r.graph.Finish()
}

// Dropout draws a mask for the classifier's input; call it after Bind. Without it there is no
// dropout.
func (r *runner) Dropout(rate float64, rnd *rand.Rand) {
	if l, ok := r.bound[len(r.bound)-1].(dropper); ok {
		l.drop(rate, rnd)
	}
}

// MemoryBytes is what the networks bound so far needed: for the values of a batch, which grow with
// it, and for the rest.
func (r *runner) MemoryBytes() (values, rest int64) { return r.graph.Bytes() }

// FinishCalibration turns what the batches since Bind have shown into the statistics that inference
// uses.
func (r *runner) FinishCalibration() { r.eachNorm((*nn.BatchNorm).FinishStatistics) }
