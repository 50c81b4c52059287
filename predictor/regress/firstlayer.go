package regress

import "github.com/tailor-nas/tailor/internal/kernel"

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
func (f *FirstLayer) From(t *Tangent) { f.from, f.moved, f.swapped, f.linearRise = t, false, false, 0 }

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
