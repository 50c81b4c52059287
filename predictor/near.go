package predictor

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Near gives about what [Accuracy.Predict] gives for archs near each of some bases, for far less:
// by index of the space's resolutions a sum over the choices of an arch. Of a base it is the
// prediction, and from there on it goes along the gradient of the model and of the features. It is
// to order archs by. The constant of a resolution that the predictor does not know is NaN.
func (a *Accuracy) Near(bases []supernet.Arch) ([][]choices.Affine, error) {
	lines, _, err := a.near(bases, false)
	return lines, err
}

// near is Near, jointly with tangents of the model.
func (a *Accuracy) near(bases []supernet.Arch, jointly bool) ([][]choices.Affine,
	[]regress.Tangent, error) {
	n := a.encoder.Len()
	at := make([]float32, len(bases)*n)
	for i, base := range bases {
		if !slices.Contains(a.Resolutions, int(base.Resolution)) ||
			!a.encoder.encode(base, at[i*n:][:n]) {
			return nil, nil, a.refuse(bases, i)
		}
	}
	values, slopes, tangents := a.slopes(at, len(bases), jointly)
	all := make([][]choices.Affine, len(bases))
	for i, base := range bases {
		value, slope := values[i], slopes[i*n:][:n]
		for j, v := range at[i*n:][:n] {
			value -= float64(v) * float64(slope[j])
		}
		if !finite(value) {
			return nil, nil, fmt.Errorf("near arch %d of %d: %w (a top-1 of %g): fit the accuracy again",
				i+1, len(bases), ErrOverflow, value)
		}
		all[i] = a.encoder.along(base, slope)
		for j, r := range a.space.Resolutions {
			if all[i][j].Constant += value; !slices.Contains(a.Resolutions, r) {
				all[i][j].Constant = math.NaN()
			}
		}
	}
	return all, tangents, nil
}

// slopes are the values and the gradients of the model at rows of features, jointly with tangents.
func (a *Accuracy) slopes(x []float32, rows int, jointly bool) (values []float64, slopes []float32,
	tangents []regress.Tangent) {
	values, slopes = make([]float64, rows), make([]float32, len(x))
	a.gradients.Lock()
	defer a.gradients.Unlock()
	if a.gradient == nil {
		a.gradient = a.Model.Gradient()
	}
	if jointly {
		return values, slopes, a.gradient.Tangents(x, slopes, values)
	}
	a.gradient.At(x, slopes, values)
	return values, slopes, nil
}

// along is slope times the features, exactly, by resolution; NaN without a feature of it.
func (o *oneHots) along(slope []float32) []choices.Affine {
	weights := make([]float64, o.numbering.Len())
	for number, features := range o.features {
		for _, f := range features {
			weights[number] += float64(slope[f])
		}
	}
	all := make([]choices.Affine, len(o.resolutions))
	for i, feature := range o.resolutions {
		all[i] = choices.Affine{Constant: math.NaN(), Weights: weights}
		if feature >= 0 {
			all[i].Constant = float64(slope[feature])
		}
	}
	return all
}

func (e *ofaEncoder) along(_ supernet.Arch, slope []float32) []choices.Affine {
	return e.genes.along(slope)
}

// along takes the logarithm of a cost for the line through what the base costs at a resolution.
func (e *geneEncoder) along(base supernet.Arch, slope []float32) []choices.Affine {
	all := e.genes.along(slope)
	for i, r := range e.genes.numbering.Resolutions {
		base.Resolution = uint16(r)
		var t choices.Taken
		if !e.genes.numbering.Read(&base, &t) {
			continue // never: the base was encoded
		}
		line := &all[i]
		line.Weights = slices.Clone(line.Weights) // which all resolutions share
		pixels, own := choices.Affine{Constant: float64(r)}, e.costs(&t)
		for c, cost := range []choices.Affine{e.macs.Affine(r), e.params.Affine(r), pixels} {
			linear, square := slope[e.genes.length+c], slope[e.genes.length+costs+c]
			here, s := own[c], e.scales[c]
			v := s.of(here)
			perCost := float64(linear+square*2*v/(costSpread/2)) * s.perLog / here
			line.Constant += float64(linear*v+square*v*v/(costSpread/2)) +
				perCost*(cost.Constant-here)
			for number, w := range cost.Weights {
				line.Weights[number] += perCost * w
			}
		}
	}
	return all
}
