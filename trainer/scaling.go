package trainer

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/settings"
)

// Measure is a diversity measure of sparse signal recovery: what stands in for the number of
// weights that are not zero.
type Measure string

// The measures. Each gives every weight θ a factor w² that its gradient is scaled by (SSGD, ICASSP
// 2020): with g(θ) = f(θ²) it is 1/f'(θ²), with g(θ) = f(|θ|) it is 1/f'(|θ|)², for concave f.
const (
	// LogL2 is reweighted l2 with log(θ² + ε): w² = θ² + ε.
	LogL2 Measure = "log-l2"
	// LogL1 is reweighted l1 with log(|θ| + ε): w² = (|θ| + ε)².
	LogL1 Measure = "log-l1"
	// PNorm is the p-norm-like measure: w² = (|θ| + ε)^(2-p), 0 < p <= 2. With p = 2 it is plain
	// SGD.
	PNorm Measure = "p-norm"
)

// Scaling is how SSGD scales gradients: large weights move fast and small ones slowly, so that the
// path of training itself favours sparse networks. Factors are divided by their mean over a layer's
// weights that are left, so that a layer moves as fast as without.
type Scaling struct {
	Measure Measure `json:"measure"`
	P       float64 `json:"p,omitempty"` // of PNorm
	// Epsilon is ε at the start and EpsilonEnd at the end of training, with equal ratios in
	// between. They are relative: to the mean square of a layer's weights for log-l2, to its root
	// for the others. Smaller is a stronger push to sparsity.
	Epsilon    float64 `json:"epsilon" range:"1e-12..1e30"`
	EpsilonEnd float64 `json:"epsilon_end" range:"1e-12..1e30"`
	// Absolute takes both as they are, as the formulas have it.
	Absolute bool `json:"absolute_epsilon,omitempty"`
	// Unnormalized leaves out the division by the mean: for comparison.
	Unnormalized bool `json:"unnormalized,omitempty"`
}

func (s Scaling) check() error {
	switch s.Measure {
	case LogL2, LogL1:
		if s.P != 0 {
			return fmt.Errorf("%w: p belongs to the measure p-norm, not to %s", ErrConfig,
				s.Measure)
		}
	case PNorm:
		if !(s.P > 0 && s.P <= 2) {
			return fmt.Errorf("%w: p is %g, expected above 0, at most 2", ErrConfig, s.P)
		}
	default:
		return fmt.Errorf("%w: measure %q is unknown; use log-l2, log-l1 or p-norm", ErrConfig,
			string(s.Measure))
	}
	if err := settings.Check(s); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return nil
}
