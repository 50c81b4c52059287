package predictor

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// encoder turns an arch into the features of a model. A model can be used with the encoding that it
// was fitted to alone, so that its document names it.
type encoder interface {
	// Len is the number of features.
	Len() int
	// encode writes the features of an arch to dst, which has length Len. If it says no, the arch
	// is not one of the space or has a resolution that the encoding has no feature for.
	encode(a supernet.Arch, dst []float32) bool
	// along gives slope times the features near a base, by index of the space's resolutions.
	along(base supernet.Arch, slope []float32) []choices.Affine
	// spans gives the features over a region, within budgets.
	spans(r *choices.Region, within *choices.Within) []span
}

// newEncoder gives the encoder by its name in documents.
func newEncoder(name string, space *supernet.Space) (encoder, error) {
	switch name {
	case encoding:
		return newGeneEncoder(space)
	case ofaEncoding:
		return newOFAEncoder(space)
	case resNetEncoding:
		return newResNetEncoder(space)
	}
	return nil, fmt.Errorf("archs are encoded as %q, this tailor knows %s, %s and %s", name,
		encoding, ofaEncoding, resNetEncoding)
}

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
