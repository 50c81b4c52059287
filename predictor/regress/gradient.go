package regress

import (
	"github.com/tailor-nas/tailor/internal/kernel"
)

// Gradient computes how the value of a model changes with each feature near some rows: of a ReLU
// network it is exact until a unit switches.
type Gradient struct {
	model   *Model
	members []gradientMLP
	units   int // of all first layers
}

// gradientMLP is a member, packed for both directions.
type gradientMLP struct {
	layers  []memberLayer
	back    []kernel.Packed // by layer, the transpose of its matrix
	outputs [][]float32     // by layer, (BatchRows, units)
	errors  [2][]float32
	inputs  []float32 // of the first layer's units, (BatchRows, units)
	slopes  []float32 // with respect to what these units give
}

// units is how many the first layer has.
func (c *gradientMLP) units() int { return c.layers[0].packed.N }

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
			c.outputs = append(c.outputs, make([]float32, BatchRows*units))
		}
		c.errors = [2][]float32{make([]float32, BatchRows*width), make([]float32, BatchRows*width)}
		c.inputs = make([]float32, BatchRows*c.units())
		c.slopes = make([]float32, BatchRows*c.units())
		g.units += c.units()
		g.members = append(g.members, c)
	}
	return g
}

// Tangent is what is known of a model of networks with hidden layers near a row: but for the linear
// part, the model rises as a sum over the units of the first layers of all networks, of what each
// gives times its slope. That is exact until a unit of a later layer switches.
type Tangent struct {
	Inputs []float32 // of the units, with their biases: a unit gives what is positive of it
	Slopes []float32 // of the model with what they give
	Sum    float64   // of what the units give at the row, times their slopes
}

// Units is how many units the first layers have.
func (g *Gradient) Units() int { return g.units }

// Tangents is At that gives tangents, too.
func (g *Gradient) Tangents(x, out []float32, values []float64) []Tangent {
	all := make([]Tangent, len(values))
	features := len(x) / max(len(values), 1)
	for at := 0; at < len(values); at += BatchRows {
		rows := min(len(values)-at, BatchRows)
		g.batch(x[at*features:][:rows*features], out[at*features:][:rows*features],
			values[at:][:rows])
		for i := range rows {
			all[at+i] = g.tangent(i)
		}
	}
	return all
}

// tangent is that of a row of the batch that was computed last.
func (g *Gradient) tangent(row int) Tangent {
	both := make([]float32, 0, 2*g.units)
	for i := range g.members {
		c := &g.members[i]
		both = append(both, c.inputs[row*c.units():][:c.units()]...)
	}
	for i := range g.members {
		c := &g.members[i]
		for _, v := range c.slopes[row*c.units():][:c.units()] {
			both = append(both, v/float32(len(g.members)))
		}
	}
	t := Tangent{Inputs: both[:g.units:g.units], Slopes: both[g.units:]}
	for i, v := range t.Inputs {
		if v > 0 {
			t.Sum += float64(v) * float64(t.Slopes[i])
		}
	}
	return t
}

// At fills out, as long as x, with the gradients at the rows of x, which are as many as values, and
// values with the values there. A row's are its own, whatever is beside it.
func (g *Gradient) At(x, out []float32, values []float64) {
	features := len(x) / max(len(values), 1)
	for len(values) > 0 {
		rows := min(len(values), BatchRows)
		g.batch(x[:rows*features], out[:rows*features], values[:rows])
		x, out, values = x[rows*features:], out[rows*features:], values[rows:]
	}
}

// batch is At of at most BatchRows rows.
func (g *Gradient) batch(x, out []float32, values []float64) {
	clear(out)
	clear(values)
	members := max(len(g.members), 1)
	for i := range g.members {
		member, slope := g.members[i].at(len(values), x)
		for j, v := range member {
			values[j] += float64(v)
		}
		for j, v := range slope {
			out[j] += v / float32(members)
		}
	}
	features := len(x) / len(values)
	for i := range values {
		values[i] = g.model.Bias + values[i]/float64(members)
		for j, w := range g.model.Linear {
			values[i] += float64(w) * float64(x[i*features+j])
			out[i*features+j] += w
		}
	}
}

// at gives the outputs of one member and its gradients, which are good until it is asked again.
func (c *gradientMLP) at(rows int, x []float32) (values, slopes []float32) {
	last := len(c.layers) - 1
	for l := range c.layers {
		layer := &c.layers[l]
		k, units := layer.packed.K, layer.packed.N
		y := c.outputs[l][:rows*units]
		kernel.MulPacked(rows, x, k, &layer.packed, y, units, false, nil)
		act := kernel.ReLU
		if l == last {
			act = kernel.Identity
		}
		if l == 0 {
			kernel.Map(c.inputs[:len(y)], y, layer.scale, layer.bias, kernel.Identity)
		}
		kernel.Map(y, y, layer.scale, layer.bias, act)
		x = y
	}
	values = x
	e := c.errors[0][:rows]
	for i := range e {
		e[i] = 1
	}
	for l := last; l >= 0; l-- {
		back := &c.back[l]
		to := c.errors[(last-l+1)%2][:rows*back.N]
		kernel.MulPacked(rows, e, back.K, back, to, back.N, false, nil)
		if l == 1 {
			copy(c.slopes, to)
		}
		if l > 0 {
			for i, v := range c.outputs[l-1][:len(to)] {
				if v <= 0 {
					to[i] = 0
				}
			}
		}
		e = to
	}
	return values, e
}

// Neighbours is the most neighbours that a [FirstLayer] computes at a time.
const Neighbours = 24

// FirstLayer computes the first layers of a model's networks for rows that differ from another one
// in a few sets of features, each of which is 1 or 0 together: they are those of the other row,
// less and plus a few sums. It is for one goroutine.
type FirstLayer struct {
	units  int
	sums   []float32 // (sets, then none; units)
	linear []float32 // likewise, what a set adds to the linear part of the model

	inputs             []float32 // (Neighbours, units)
	rises              []float32 // of the linear part, by neighbour
	at                 int       // the neighbour under way
	swapped            bool      // it has inputs
	out                []float32 // by neighbour
	ones, minus, zeros []float32 // as many as units
	slopes             kernel.Packed
	from               *Tangent
}

// FirstLayer makes ready for such sets of features.
func (g *Gradient) FirstLayer(sets [][]int) *FirstLayer {
	units, count := g.units, len(sets)+1
	f := &FirstLayer{units: units, sums: make([]float32, count*units),
		linear: make([]float32, count), inputs: make([]float32, Neighbours*units),
		rises: make([]float32, Neighbours), out: make([]float32, Neighbours),
		ones: make([]float32, units), minus: make([]float32, units), zeros: make([]float32, units)}
	for i := range units {
		f.ones[i], f.minus[i] = 1, -1
	}
	weights := g.firstLayers()
	for i, set := range sets {
		for _, feature := range set {
			kernel.Add(f.sum(i), weights[feature*units:][:units])
			if len(g.model.Linear) > 0 {
				f.linear[i] += g.model.Linear[feature]
			}
		}
	}
	return f
}

// firstLayers are the weights of the first layers side by side, (features, units).
func (g *Gradient) firstLayers() (all []float32) {
	at := 0
	for i := range g.members {
		n := &g.model.Networks[i]
		if i == 0 {
			all = make([]float32, n.Sizes[0]*g.units)
		}
		units := n.Sizes[1]
		for f := range n.Sizes[0] {
			copy(all[f*g.units+at:][:units], n.Layers()[0].Matrix[f*units:])
		}
		at += units
	}
	return all
}

func (f *FirstLayer) sum(set int) []float32 { return f.sums[set*f.units:][:f.units] }

// From begins with the neighbours of the row that a tangent is of.
func (f *FirstLayer) From(t *Tangent) {
	if f.from != t {
		f.slopes.Pack(f.units, 1, t.Slopes, 1)
		f.from = t
	}
	f.at = -1
}

// Next begins with the next of at most Neighbours neighbours.
func (f *FirstLayer) Next() {
	f.settle()
	f.at++
	f.rises[f.at], f.swapped = 0, false
}

// Swap has a set of features be 0 and another one be 1 in the neighbour; -1 is none.
func (f *FirstLayer) Swap(out, in int) {
	none := len(f.linear) - 1
	if out < 0 {
		out = none
	}
	if in < 0 {
		in = none
	}
	y := f.inputs[f.at*f.units:][:f.units]
	from := y
	if !f.swapped {
		from = f.from.Inputs
	}
	f.swapped = true
	f.rises[f.at] += f.linear[in] - f.linear[out]
	kernel.MapAdd(y, f.sum(out), from, f.minus, f.sum(in)) // from - out + in
}

// settle gives a neighbour in which nothing was swapped its inputs.
func (f *FirstLayer) settle() {
	if f.at >= 0 && !f.swapped {
		copy(f.inputs[f.at*f.units:][:f.units], f.from.Inputs)
	}
}

// Rises fills out, a value for each neighbour since From, with by how much the model rises from the
// row, about; the next neighbour is the first again.
func (f *FirstLayer) Rises(out []float64) {
	f.settle()
	f.at = -1
	y := f.inputs[:len(out)*f.units]
	kernel.Map(y, y, f.ones, f.zeros, kernel.ReLU)
	kernel.MulPacked(len(out), y, f.units, &f.slopes, f.out, 1, false, nil)
	for i := range out {
		out[i] = float64(f.rises[i]) + float64(f.out[i]) - f.from.Sum
	}
}
