package predictor

import (
	"slices"

	"github.com/tailor-nas/tailor/supernet/choices"
)

// oneHots are features that are 1 where an arch takes one of some choices, else 0.
type oneHots struct {
	numbering   *choices.Numbering
	resolutions []int   // by resolution of the space its feature, -1 for none
	features    [][]int // by number of a choice, what it sets
	length      int
}

// newOneHots has features for nothing yet.
func newOneHots(n *choices.Numbering) oneHots {
	return oneHots{
		numbering: n, features: make([][]int, n.Len()),
		resolutions: slices.Repeat([]int{-1}, len(n.Resolutions)),
	}
}

// set says that a choice sets a feature.
func (o *oneHots) set(number, feature int) {
	o.features[number] = append(o.features[number], feature)
}

// encode writes the features of an arch to dst, which begins with them; false if it is not one of
// the space or its resolution has no feature.
func (o *oneHots) encode(t *choices.Taken, dst []float32) bool {
	at := o.resolutions[t.Resolution]
	if at < 0 {
		return false
	}
	clear(dst)
	dst[at] = 1
	for _, number := range t.Numbers() {
		for _, feature := range o.features[number] {
			dst[feature] = 1
		}
	}
	return true
}

// spans gives the features over the networks of a resolution, exactly.
func (o *oneHots) spans(resolution int) []span {
	all := make([]span, o.length)
	for i := range all {
		f := choices.Affine{Weights: make([]float64, o.numbering.Len())}
		all[i] = span{f, f} // of the same weights
	}
	for number, features := range o.features {
		for _, feature := range features {
			all[feature].low.Weights[number] = 1
		}
	}
	if r := slices.Index(o.numbering.Resolutions, resolution); r >= 0 && o.resolutions[r] >= 0 {
		one := &all[o.resolutions[r]]
		one.low.Constant, one.high.Constant = 1, 1
	}
	return all
}
