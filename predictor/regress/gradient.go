package regress

import "github.com/tailor-nas/tailor/internal/kernel"

// Gradient computes how the value of a model changes with each feature near one row: of a ReLU
// network it is exact until a unit switches.
type Gradient struct {
	model   *Model
	members []gradientMLP
}

// gradientMLP is a member, packed for both directions.
type gradientMLP struct {
	layers  []memberLayer
	back    []kernel.Packed // by layer, the transpose of its matrix
	outputs [][]float32     // by layer
	errors  [2][]float32
}

// Gradient makes the model ready for gradients. The model must be one that [Fit] made or
// [Model.Check] found right, and its members must not change any more. It is for one goroutine.
func (m *Model) Gradient() *Gradient {
	g := &Gradient{model: m}
	for i := range m.Networks {
		n := &m.Networks[i]
		c := gradientMLP{layers: n.forInference().layers}
		width := n.Sizes[0]
		for l, layer := range n.Layers() {
			units := len(layer.Bias)
			width = max(width, units)
			c.back = append(c.back, kernel.Packed{})
			c.back[l].PackTransposed(units, n.Sizes[l], layer.Matrix, units)
			c.outputs = append(c.outputs, make([]float32, units))
		}
		c.errors = [2][]float32{make([]float32, width), make([]float32, width)}
		g.members = append(g.members, c)
	}
	return g
}

// At fills out, of as many numbers as x has features, with the gradient at x, and gives the value
// there.
func (g *Gradient) At(x []float32, out []float32) (value float64) {
	clear(out)
	for i := range g.members {
		member, slope := g.members[i].at(x)
		value += float64(member)
		for j, v := range slope {
			out[j] += v / float32(len(g.members))
		}
	}
	value = g.model.Bias + value/float64(max(len(g.members), 1))
	for j, w := range g.model.Linear {
		value += float64(w) * float64(x[j])
		out[j] += w
	}
	return value
}

// at is the output of one member and its gradient, which is good until it is asked again.
func (c *gradientMLP) at(x []float32) (value float32, slope []float32) {
	last := len(c.layers) - 1
	for l := range c.layers {
		layer := &c.layers[l]
		y := c.outputs[l]
		kernel.MulPacked(1, x, layer.packed.K, &layer.packed, y, len(y), false, nil)
		act := kernel.ReLU
		if l == last {
			act = kernel.Identity
		}
		kernel.Map(y, y, layer.scale, layer.bias, act)
		x = y
	}
	value = x[0]
	e := c.errors[0][:1]
	e[0] = 1
	for l := last; l >= 0; l-- {
		back := &c.back[l]
		to := c.errors[(last-l+1)%2][:back.N]
		kernel.MulPacked(1, e, back.K, back, to, back.N, false, nil)
		if l > 0 {
			for i, v := range c.outputs[l-1] {
				if v <= 0 {
					to[i] = 0
				}
			}
		}
		e = to
	}
	return value, e
}
