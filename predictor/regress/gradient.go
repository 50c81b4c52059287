package regress

import (
	"math"

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
		both = append(both, c.slopes[row*c.units():][:c.units()]...)
	}
	if n := float32(len(g.members)); n > 1 {
		for i := range both[g.units:] {
			both[g.units+i] /= n
		}
	}
	t := Tangent{Inputs: both[:g.units:g.units], Slopes: both[g.units:]}
	for i, v := range t.Inputs {
		t.Sum += float64(max(v, 0)) * float64(t.Slopes[i])
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
			whereActive(to, c.outputs[l-1])
		}
		e = to
	}
	return values, e
}

// whereActive sets to 0 what goes to units that give 0, as outputs of ReLUs do, and never less. It
// is without branches: which units give something is as good as random.
func whereActive(to, outputs []float32) {
	outputs = outputs[:len(to)]
	for i, v := range to {
		nonzero := -int32(math.Float32bits(outputs[i])&^(1<<31)) >> 31 // all bits or none
		to[i] = math.Float32frombits(math.Float32bits(v) & uint32(nonzero))
	}
}

// FirstLayer computes the first layers of a model's networks for rows that differ from another one
// in a few sets of features, each of which is 1 or 0 together: they are those of the other row,
// less and plus a few sums. It is for one goroutine.
type FirstLayer struct {
	units  int
	sums   []float32 // (sets, then none; units)
	linear []float32 // likewise, what a set adds to the linear part of the model
	from   *Tangent

	// Of the neighbour under way.
	inputs     []float32 // of the units, once moved
	moved      bool      // more than the last swap was made
	swapped    bool      // there is a last swap, which only Rise makes
	out, in    int       // of it
	linearRise float32
	minus      []float32 // as many as units
}

// FirstLayer makes ready for such sets of features.
func (g *Gradient) FirstLayer(sets [][]int) *FirstLayer {
	units, count := g.units, len(sets)+1
	f := &FirstLayer{units: units, sums: make([]float32, count*units),
		linear: make([]float32, count), inputs: make([]float32, units),
		minus: make([]float32, units)}
	for i := range units {
		f.minus[i] = -1
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
	f.from, f.moved, f.swapped, f.linearRise = t, false, false, 0
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
	if f.swapped {
		kernel.MapAdd(f.inputs, f.sum(f.out), f.at(), f.minus, f.sum(f.in)) // at - out + in
		f.moved = true
	}
	f.out, f.in, f.swapped = out, in, true
	f.linearRise += f.linear[in] - f.linear[out]
}

// at is what the units get, but for the last swap.
func (f *FirstLayer) at() []float32 {
	if f.moved {
		return f.inputs
	}
	return f.from.Inputs
}

// Rise is by how much the model rises from the row to the neighbour, about, and begins with the
// next one.
func (f *FirstLayer) Rise() float64 {
	rise := 0.0
	if f.swapped {
		units := kernel.RectifiedDot(f.at(), f.sum(f.out), f.sum(f.in), f.from.Slopes)
		rise = float64(f.linearRise) + float64(units) - f.from.Sum
	}
	f.From(f.from)
	return rise
}
