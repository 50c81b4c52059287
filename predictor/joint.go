package predictor

import (
	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// jointRows is how many sets of swaps are computed at a time.
const jointRows = 24

// firstLayer is what each choice adds to the inputs of the units of a model's first layers, of an
// encoding of one-hots alone: with it, the first layers of a neighbour are a few sums of rows.
type firstLayer struct {
	units  int
	rows   []float32 // (choices by number, then resolutions, then none; units)
	linear []float32 // likewise, what it adds to the linear part of the model

	// Of rises, kept for their room.
	inputs             []float32 // (jointRows, units)
	out                []float32 // by row
	ones, minus, zeros []float32 // as many as units
	slopes             kernel.Packed
	of                 *regress.Tangent // that has them
}

func newFirstLayer(o *oneHots, g *regress.Gradient, linear []float32) *firstLayer {
	units, numbers := g.Units(), len(o.features)
	count := numbers + len(o.resolutions) + 1
	f := &firstLayer{units: units, rows: make([]float32, count*units),
		linear: make([]float32, count), inputs: make([]float32, jointRows*units),
		out: make([]float32, jointRows), ones: make([]float32, units),
		minus: make([]float32, units), zeros: make([]float32, units)}
	for i := range units {
		f.ones[i], f.minus[i] = 1, -1
	}
	weights := g.FirstLayers()
	add := func(row, feature int) {
		kernel.Add(f.row(int32(row)), weights[feature*units:][:units])
		if len(linear) > 0 {
			f.linear[row] += linear[feature]
		}
	}
	for number, features := range o.features {
		for _, feature := range features {
			add(number, feature)
		}
	}
	for i, feature := range o.resolutions {
		if feature >= 0 {
			add(numbers+i, feature)
		}
	}
	return f
}

func (f *firstLayer) row(i int32) []float32 { return f.rows[int(i)*f.units:][:f.units] }

// rises fills out with about by how much the model rises from where the tangent is with each set.
func (f *firstLayer) rises(t *regress.Tangent, sets [][]choices.Swap, out []float64) {
	if f.of != t {
		f.slopes.Pack(f.units, 1, t.Slopes, 1)
		f.of = t
	}
	for len(sets) > 0 {
		n := min(len(sets), jointRows)
		for i, set := range sets[:n] {
			out[i] = float64(f.gather(f.inputs[i*f.units:][:f.units], t.Inputs, set)) - t.Sum
		}
		y := f.inputs[:n*f.units]
		kernel.Map(y, y, f.ones, f.zeros, kernel.ReLU)
		kernel.MulPacked(n, y, f.units, &f.slopes, f.out, 1, false, nil)
		for i, sum := range f.out[:n] {
			out[i] += float64(sum)
		}
		sets, out = sets[n:], out[n:]
	}
}

// gather computes the inputs after some swaps, and by how much the linear part rises.
func (f *firstLayer) gather(y, from []float32, set []choices.Swap) (linear float32) {
	swapped := false
	for _, s := range set {
		for i := range max(len(s.Out), len(s.In)) {
			out, in := f.at(s.Out, i), f.at(s.In, i)
			linear += f.linear[in] - f.linear[out]
			kernel.MapAdd(y, f.row(out), from, f.minus, f.row(in)) // from - out + in
			from, swapped = y, true
		}
	}
	if !swapped {
		copy(y, from)
	}
	return linear
}

// at is the i-th row of some, or that of none.
func (f *firstLayer) at(of []int32, i int) int32 {
	if i < len(of) {
		return of[i]
	}
	return int32(len(f.linear) - 1)
}

// HasJoint says whether [Accuracy.NearJointly] knows more than [Accuracy.Near]: that of predictors
// whose features are one-hots alone, as those of OFA, with hidden layers.
func (a *Accuracy) HasJoint() bool {
	for i := range a.Model.Networks {
		if len(a.Model.Networks[i].Sizes) < 3 {
			return false
		}
	}
	return a.onlyOneHots() != nil && len(a.Model.Networks) > 0
}

// onlyOneHots are the features, nil if there are others.
func (a *Accuracy) onlyOneHots() *oneHots {
	switch e := a.encoder.(type) {
	case *ofaEncoder:
		return &e.genes
	case *resNetEncoder:
		return &e.genes
	}
	return nil
}

// NearJointly is [Accuracy.Near] that also says about what several choices do together: the first
// layers of the model are computed, and what is behind them is a line. That costs some hundredths
// of a prediction, and orders pairs of choices several times as well as the sum of what Near says
// of each. It takes a predictor that [Accuracy.HasJoint] holds of.
func (a *Accuracy) NearJointly(bases []supernet.Arch) ([][]choices.Affine, []choices.Joint, error) {
	lines, tangents, err := a.near(bases)
	if err != nil {
		return nil, nil, err
	}
	all := make([]choices.Joint, len(bases))
	for i := range bases {
		all[i] = func(sets [][]choices.Swap, out []float64) {
			a.gradients.Lock()
			defer a.gradients.Unlock()
			if a.first == nil {
				a.first = newFirstLayer(a.onlyOneHots(), a.gradient, a.Model.Linear)
			}
			a.first.rises(&tangents[i], sets, out)
		}
	}
	return lines, all, nil
}
