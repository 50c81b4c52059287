package predictor

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Near gives about what [Accuracy.Predict] gives for archs near a base, for far less: by index of
// the space's resolutions a sum over the choices of an arch. Of the base it is the prediction, and
// from there on it goes along the gradient of the model and of the features. It is to order archs
// by. The constant of a resolution that the predictor does not know is NaN.
func (a *Accuracy) Near(base supernet.Arch) ([]choices.Affine, error) {
	at := make([]float32, a.encoder.Len())
	if !slices.Contains(a.Resolutions, int(base.Resolution)) || !a.encoder.encode(base, at) {
		return nil, a.refuse([]supernet.Arch{base}, 0)
	}
	value, slope := a.slope(at)
	for i, v := range at {
		value -= float64(v) * float64(slope[i])
	}
	if !finite(value) {
		return nil, fmt.Errorf("near an arch: %w (a top-1 of %g): fit the accuracy again",
			ErrOverflow, value)
	}
	all := a.encoder.along(base, slope)
	for i, r := range a.space.Resolutions {
		if all[i].Constant += value; !slices.Contains(a.Resolutions, r) {
			all[i].Constant = math.NaN()
		}
	}
	return all, nil
}

// slope is the value and the gradient of the model at a row of features.
func (a *Accuracy) slope(x []float32) (value float64, slope []float32) {
	slope = make([]float32, len(x))
	a.gradients.Lock()
	defer a.gradients.Unlock()
	if a.gradient == nil {
		a.gradient = a.Model.Gradient()
	}
	return a.gradient.At(x, slope), slope
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
