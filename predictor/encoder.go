package predictor

import (
	"fmt"

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
