package predictor

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// roundingSlack is added to bounds, as the predictor's float32 arithmetic may round up: by about
// 1e-6 in practice.
const roundingSlack = 2e-5

// span holds two affine functions of a network's choices: over a region, one is a lower and the
// other an upper bound on a feature.
type span struct{ low, high choices.Affine }

// Upper is a certain upper bound on the predicted top-1 of all networks of the region whose costs
// are within the budgets; -Inf if there is no such network. It replaces each ReLU by lines below
// and above it, as CROWN does (Zhang et al., "Efficient neural network robustness certification
// with general activation functions", 2018), so that the prediction is at most an affine function
// of the network's choices. The bound is the largest value of the function that this gives. The
// smaller the region, the tighter it is.
func (a *Accuracy) Upper(r *choices.Region, budgets []choices.Budget) float64 {
	within := r.Within(budgets)
	if within.Empty() {
		return math.Inf(-1)
	}
	c := newCrown(within, a.encoder.spans(r, within))
	rows := mat.NewDense(1, a.encoder.Len(), nil)
	for j, w := range a.Model.Linear {
		rows.Set(0, j, float64(w))
	}
	constant := a.Model.Bias
	for i := range a.Model.Networks {
		row, shift := c.mlp(&a.Model.Networks[i])
		share := 1 / float64(len(a.Model.Networks))
		row.Scale(share, row)
		rows.Add(rows, row)
		constant += share * shift
	}
	return c.max(rows.RawRowView(0), constant) + roundingSlack
}

// UpperWork is about how many multiply-adds Upper takes.
func (a *Accuracy) UpperWork() int {
	// A largest value over a region tries each choice some ten times.
	work, numbers := 0, choices.NewNumbering(a.space).Len()
	for i := range a.Model.Networks {
		sizes := a.Model.Networks[i].Sizes
		for l, units := range sizes[1:] {
			work += 2 * units * (10*numbers + sizes[0])
			for k := 1; k <= l; k++ {
				work += 2 * units * sizes[k-1] * sizes[k]
			}
		}
	}
	return work
}

// crown bounds functions of the features.
type crown struct {
	within    *choices.Within
	low, high []sparse       // by feature
	sum       choices.Affine // of max, kept between calls
}

// sparse is an affine function, by its non-zero weights only: most features depend on one choice.
type sparse struct {
	constant float64
	at       []int
	weights  []float64
}

func newCrown(within *choices.Within, features []span) *crown {
	c := &crown{within: within}
	c.sum.Weights = make([]float64, len(features[0].low.Weights))
	for _, f := range features {
		c.low, c.high = append(c.low, sparseOf(&f.low)), append(c.high, sparseOf(&f.high))
	}
	return c
}

func sparseOf(f *choices.Affine) sparse {
	s := sparse{constant: f.Constant}
	for i, w := range f.Weights {
		if w != 0 {
			s.at, s.weights = append(s.at, i), append(s.weights, w)
		}
	}
	return s
}

// max bounds the row times the features, plus a constant.
func (c *crown) max(row []float64, constant float64) float64 {
	c.sum.Constant = constant
	clear(c.sum.Weights)
	for j, w := range row {
		from := &c.high[j]
		if w < 0 {
			from = &c.low[j]
		}
		if w == 0 {
			continue
		}
		c.sum.Constant += w * from.constant
		for i, at := range from.at {
			c.sum.Weights[at] += w * from.weights[i]
		}
	}
	return c.within.Max(&c.sum)
}

// lines are those below and above a ReLU between the bounds of its input.
type lines struct{ lowSlope, highSlope, highShift float64 }

func linesOf(low, high float64) lines {
	switch {
	case low >= 0:
		return lines{1, 1, 0}
	case high <= 0:
		return lines{}
	}
	slope := high / (high - low)
	if high > -low {
		return lines{1, slope, -slope * low}
	}
	return lines{0, slope, -slope * low}
}

// mlp bounds an MLP's output from above by a row times the features, plus a shift.
func (c *crown) mlp(n *regress.MLP) (row *mat.Dense, shift float64) {
	layers := n.Layers()
	var relus [][]lines
	for l := range layers {
		rows, shifts := through(layers, relus, l)
		if l == len(layers)-1 {
			return rows.Slice(0, 1, 0, rows.RawMatrix().Cols).(*mat.Dense), shifts[0]
		}
		units := len(layers[l].Bias)
		relu := make([]lines, units)
		for u := range relu {
			relu[u] = linesOf(-c.max(rows.RawRowView(units+u), shifts[units+u])-roundingSlack,
				c.max(rows.RawRowView(u), shifts[u])+roundingSlack)
		}
		relus = append(relus, relu)
	}
	return nil, 0
}

// through bounds the inputs of the units of layer l, and then those of their negatives, by rows
// times the features plus shifts.
func through(layers []regress.Layer, relus [][]lines, l int) (*mat.Dense, []float64) {
	units := len(layers[l].Bias)
	inputs := len(layers[l].Matrix) / units
	rows := mat.NewDense(2*units, inputs, nil)
	shifts := make([]float64, 2*units)
	for u := range units {
		shifts[u], shifts[units+u] = float64(layers[l].Bias[u]), -float64(layers[l].Bias[u])
		for i := range inputs {
			w := float64(layers[l].Matrix[i*units+u])
			rows.Set(u, i, w)
			rows.Set(units+u, i, -w)
		}
	}
	for l--; l >= 0; l-- {
		for r := range 2 * units {
			row := rows.RawRowView(r)
			for i, w := range row {
				line := &relus[l][i]
				if w > 0 {
					shifts[r] += w * line.highShift
					row[i] = w * line.highSlope
				} else {
					row[i] = w * line.lowSlope
				}
				shifts[r] += row[i] * float64(layers[l].Bias[i])
			}
		}
		width := len(layers[l].Bias)
		matrix := mat.NewDense(len(layers[l].Matrix)/width, width, nil)
		for i, w := range layers[l].Matrix {
			matrix.Set(i/width, i%width, float64(w))
		}
		next := mat.NewDense(2*units, len(layers[l].Matrix)/width, nil)
		next.Mul(rows, matrix.T())
		rows = next
	}
	return rows, shifts
}
