package predictor

import "github.com/tailor-nas/tailor/supernet"

// Encoder is the encoder of archs, for tests of the package from outside.
type Encoder = geneEncoder

// NewEncoder makes one.
var NewEncoder = newGeneEncoder

// Encode writes the features of an arch.
func (e *geneEncoder) Encode(a supernet.Arch, dst []float32) { e.encode(a, dst) }
