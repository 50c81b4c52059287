package trainer

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/settings"
)

// Rule is how weights follow their gradients.
type Rule string

// The rules. All have Nesterov momentum and weight decay, and treat batch norm and biases as plain
// SGD does.
const (
	SGD Rule = "sgd"
	// gradients scaled by [Scaling] before the momentum (sparsity-promoting SGD, ICASSP 2020)
	SSGD Rule = "ssgd"
	// plain SGD, then each weight Lambda times the rate nearer to zero (proximal step of an l1
	// penalty)
	L1 Rule = "l1"
	// Powerprop is SGD on v where the weight is v·|v|^(Alpha-1) (Powerpropagation, Schwarz et al.,
	// NeurIPS 2021, section 2).
	Powerprop Rule = "powerprop"
)

// Optimizer moves weights against their gradients. The zero value is plain SGD without momentum.
type Optimizer struct {
	Rule        Rule    `json:"rule"` // default sgd
	Momentum    float64 `json:"momentum" range:"0..0.9999"`
	WeightDecay float64 `json:"weight_decay" range:"0..1"` // not on batch norm and biases
	// Lambda weighs what is added to the loss to make weights sparse: the l1 norm, or SSGD's
	// measure. In SSGD proper it is 0. The step of SSGD's reweighted norm is λ·θ for log-l2 and
	// p-norm, as a weight decay that is not scaled, and λ·(|θ| + ε)·sign(θ) for log-l1.
	Lambda  float64 `json:"lambda,omitempty" range:"0..1"`
	Scaling Scaling `json:"scaling,omitzero"` // of ssgd
	Alpha   float64 `json:"alpha,omitempty"`  // of powerprop; 1 is plain SGD
}

// Check refuses settings that cannot be, by name.
func (o Optimizer) Check() error {
	if err := settings.Check(o); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	switch o.Rule {
	case SGD, "":
	case SSGD:
		return o.Scaling.check()
	case L1:
	case Powerprop:
		if !(o.Alpha >= 1 && o.Alpha <= 8) {
			return fmt.Errorf("%w: alpha is %g, expected 1 to 8", ErrConfig, o.Alpha)
		}
	default:
		return fmt.Errorf("%w: rule %q is unknown; use sgd, ssgd, l1 or powerprop", ErrConfig,
			string(o.Rule))
	}
	return nil
}
