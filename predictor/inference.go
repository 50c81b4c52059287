package predictor

import "github.com/tailor-nas/tailor/internal/kernel"

// batchRows is how many rows go through a network at a time: enough to read its weights rarely, few enough to stay in cache.
const batchRows = 96

// network is an MLP made ready to compute batches on the engine's matrix product. Each row's values are its own, whatever is beside it
// in a batch. It is safe for concurrent use.
type network struct {
	layers []networkLayer
}

type networkLayer struct {
	packed      kernel.Packed
	bias, scale []float32 // scale is ones
}

func (n *MLP) network() *network {
	c := &network{layers: make([]networkLayer, len(n.Sizes)-1)}
	for l, layer := range n.layers() {
		units := len(layer.bias)
		c.layers[l].packed.Pack(len(layer.matrix)/units, units, layer.matrix, units)
		c.layers[l].bias = layer.bias
		c.layers[l].scale = make([]float32, units)
		for i := range units {
			c.layers[l].scale[i] = 1
		}
	}
	return c
}

// width is that of the widest layer.
func (c *network) width() (most int) {
	for i := range c.layers {
		most = max(most, len(c.layers[i].bias))
	}
	return most
}

// forward computes the outputs of x, (rows, inputs) with at most batchRows rows. They lie in one of the scratches, which have
// batchRows*width values each, until it is used again.
func (c *network) forward(rows int, x []float32, scratch *[2][]float32) []float32 {
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

// evaluator computes the values of a model without allocating. It is for one goroutine.
type evaluator struct {
	model   *Model
	members []*network
	scratch [2][]float32
}

func (m *Model) evaluator() *evaluator {
	var members []*network
	for i := range m.Networks {
		members = append(members, m.Networks[i].network())
	}
	return m.evaluatorOf(members)
}

// evaluatorOf computes with networks that were made ready before.
func (m *Model) evaluatorOf(members []*network) *evaluator {
	e := &evaluator{model: m, members: members}
	for i := range e.scratch {
		width := 0
		for _, n := range members {
			width = max(width, n.width())
		}
		e.scratch[i] = make([]float32, batchRows*width)
	}
	return e
}

// values computes those of x, (len(out), features), with at most batchRows rows.
func (e *evaluator) values(x []float32, out []float64) {
	e.networks(x, out)
	features := len(x) / len(out)
	for i := range out {
		out[i] += e.linear(x[i*features:][:features])
	}
}

// linear is the linear part of one row.
func (e *evaluator) linear(x []float32) float64 {
	value := e.model.Bias
	for j, w := range e.model.Linear {
		value += float64(w) * float64(x[j])
	}
	return value
}

// networks is the mean of what the networks say.
func (e *evaluator) networks(x []float32, out []float64) {
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
