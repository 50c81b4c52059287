package search

import (
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Predictor predicts a quantity of sub-networks: top-1 (0 to 1), latency (ms) or energy (mJ), in
// their order.
type Predictor interface {
	Predict(archs []supernet.Arch) ([]float64, error)
}

// NearPredictor is a predictor that says what networks near another one are worth, too, about and
// for far less. Searches with one find more.
type NearPredictor interface {
	Predictor
	// Near is, for each base, about what Predict gives for networks that differ from it in a few
	// choices: by index of the space's resolutions a constant plus a sum over a network's choices.
	Near(bases []supernet.Arch) ([][]choices.Affine, error)
}

// JointPredictor is a NearPredictor that knows more closely than by sums what several choices are
// worth together. Searches with one predict fewer networks.
type JointPredictor interface {
	NearPredictor
	// HasJoint says whether it does.
	HasJoint() bool
	// NearJointly gives what Near gives, and for each base how predictions rise from there.
	NearJointly(bases []supernet.Arch) ([][]choices.Affine, []choices.Joint, error)
}

// Bounder is a predictor with a certain upper bound over many networks at once.
type Bounder interface {
	Predictor
	// Upper is at least the predicted value of every network of the region whose costs are within
	// the budgets, -Inf if there is no such network.
	Upper(r *choices.Region, within []choices.Budget) float64
	// UpperWork is about how many multiply-adds a call of Upper takes.
	UpperWork() int
}

// CostPredictor predicts a cost, latencies in ms or energies in mJ, and knows the smallest one.
type CostPredictor interface {
	Predictor
	// Min is the network of the space with the smallest predicted cost, and that cost.
	Min() (supernet.Arch, float64, error)
}

// AdditiveCost is a cost that is a sum over blocks. Bounds within a limit on it need that.
type AdditiveCost interface {
	CostPredictor
	// Affine is the cost as a constant plus a sum over a network's choices, at a resolution in
	// pixels.
	Affine(resolution int) choices.Affine
}
