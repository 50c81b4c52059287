package search

import (
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Predictor gives a quantity of sub-networks, in its own unit.
type Predictor interface {
	Predict(archs []supernet.Arch) ([]float64, error)
}

// Bounder is a predictor that can say what no network of a region exceeds whose costs are within
// budgets; -Inf if there is none.
type Bounder interface {
	Predictor
	Upper(r *choices.Region, within []choices.Budget) float64
	// UpperWork is about how many multiply-adds a call of Upper takes.
	UpperWork() int
}

// LatencyPredictor also knows the smallest latency that a network can have.
type LatencyPredictor interface {
	Predictor
	Min() (supernet.Arch, float64, error)
}

// AdditiveLatency is a latency that is a sum over blocks, so that answers within a limit of it
// can be bounded.
type AdditiveLatency interface {
	LatencyPredictor
	// Affine is the latency over the networks of a resolution in pixels.
	Affine(resolution int) choices.Affine
}
