package regress

import "github.com/tailor-nas/tailor/internal/kernel"

// BatchRows is how many rows go through a member at a time: enough to read its weights rarely, few
// enough to stay in cache.
const BatchRows = 96

// memberMLP is a member of the ensemble, an MLP made ready to compute batches on the engine's
// matrix product. Each row's values are its own, whatever is beside it in a batch. It is safe for
// concurrent use.
type memberMLP struct {
	layers []memberLayer
}

type memberLayer struct {
	packed      kernel.Packed
	bias, scale []float32 // scale is ones
}

func (n *MLP) forInference() *memberMLP {
	c := &memberMLP{layers: make([]memberLayer, len(n.Sizes)-1)}
	for l, layer := range n.Layers() {
		units := len(layer.Bias)
		c.layers[l].packed.Pack(len(layer.Matrix)/units, units, layer.Matrix, units)
		c.layers[l].bias = layer.Bias
		c.layers[l].scale = make([]float32, units)
		for i := range units {
			c.layers[l].scale[i] = 1
		}
	}
	return c
}

// width is that of the widest layer.
func (c *memberMLP) width() (most int) {
	for i := range c.layers {
		most = max(most, len(c.layers[i].bias))
	}
	return most
}

// forward computes the outputs of x, (rows, inputs) with at most BatchRows rows. They lie in one of
// the scratches, which have BatchRows*width values each, until it is used again.
func (c *memberMLP) forward(rows int, x []float32, scratch *[2][]float32) []float32 {
	for l := range c.layers {
		layer := &c.layers[l]
		k, units := layer.packed.K, layer.packed.N
		y := scratch[l%2][:rows*units]
		kernel.MulPacked(rows, x, k, &layer.packed, y, units, false, nil)
		act := kernel.ReLU
		if l == len(c.layers)-1 {
			act = kernel.Identity
		}
		kernel.Map(y, y, layer.scale, layer.bias, act)
		x = y
	}
	return x
}

// Evaluator computes the values of a model without allocating. It is for one goroutine;
// [Evaluator.Clone] makes others.
type Evaluator struct {
	model   *Model
	members []*memberMLP
	scratch [2][]float32
}

// Evaluator makes the model ready to compute values. The model must be one that [Fit] made or
// [Model.Check] found right, and its members must not change any more.
func (m *Model) Evaluator() *Evaluator {
	var members []*memberMLP
	for i := range m.Networks {
		members = append(members, m.Networks[i].forInference())
	}
	return newEvaluator(m, members)
}

// Clone is an evaluator of the same model for another goroutine. It costs little: the members are
// shared.
func (e *Evaluator) Clone() *Evaluator { return newEvaluator(e.model, e.members) }

func newEvaluator(m *Model, members []*memberMLP) *Evaluator {
	e := &Evaluator{model: m, members: members}
	for i := range e.scratch {
		width := 0
		for _, n := range members {
			width = max(width, n.width())
		}
		e.scratch[i] = make([]float32, BatchRows*width)
	}
	return e
}

// Values writes to out the values of x, which holds as many rows of features one after the other.
// They may be infinite or no number where weights are very large.
func (e *Evaluator) Values(x []float32, out []float64) {
	features := len(x) / max(len(out), 1)
	for len(out) > 0 {
		rows := min(len(out), BatchRows)
		e.batch(x[:rows*features], out[:rows])
		x, out = x[rows*features:], out[rows:]
	}
}

// batch computes the values of at most BatchRows rows.
func (e *Evaluator) batch(x []float32, out []float64) {
	e.membersMean(x, out)
	features := len(x) / len(out)
	for i := range out {
		out[i] += e.linear(x[i*features:][:features])
	}
}

// linear is the linear part of one row.
func (e *Evaluator) linear(x []float32) float64 {
	value := e.model.Bias
	for j, w := range e.model.Linear {
		value += float64(w) * float64(x[j])
	}
	return value
}

// membersMean computes the mean of what the members give for each row of x.
func (e *Evaluator) membersMean(x []float32, out []float64) {
	clear(out)
	for _, n := range e.members {
		for i, v := range n.forward(len(out), x, &e.scratch) {
			out[i] += float64(v)
		}
	}
	for i := range out {
		out[i] /= float64(max(len(e.members), 1))
	}
}
