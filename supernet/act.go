package supernet

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
)

// Act is an activation function, by the name that space files and manifests use.
type Act string

// The activations that blocks may have.
const (
	ReLU   Act = "relu"
	ReLU6  Act = "relu6"
	HSwish Act = "h_swish" // x * relu6(x+3) / 6
)

// HSigmoid is relu6(x+3) / 6, which the gate of squeeze-and-excitation ends with. No block has it.
const HSigmoid Act = "h_sigmoid"

func (a Act) check() error {
	switch a {
	case ReLU, ReLU6, HSwish:
		return nil
	}
	return fmt.Errorf("%q is no activation; use relu, relu6 or h_swish", string(a))
}

// nn is the engine's name of the activation; the empty Act is none.
func (a Act) nn() nn.Act {
	switch a {
	case ReLU:
		return nn.ReLU
	case ReLU6:
		return nn.ReLU6
	case HSwish:
		return nn.HSwish
	}
	return nn.Identity
}

// Value is the activation of v; the empty Act gives v itself.
func (a Act) Value(v float32) float32 {
	if a == HSigmoid {
		return ReLU6.Value(v+3) / 6
	}
	return a.nn().Value(v)
}
