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
	SiLU   Act = "silu"    // x * sigmoid(x), also called swish
)

// The activations that gates of squeeze-and-excitation may have.
const (
	HSigmoid Act = "h_sigmoid" // relu6(x+3) / 6
	Sigmoid  Act = "sigmoid"   // 1 / (1 + exp(-x))
)

func (a Act) check() error {
	switch a {
	case ReLU, ReLU6, HSwish, SiLU:
		return nil
	}
	return fmt.Errorf("%q is no activation; use relu, relu6, h_swish or silu", string(a))
}

func (a Act) checkGate() error {
	if a == HSigmoid || a == Sigmoid {
		return nil
	}
	return fmt.Errorf("%q is no activation of a gate; use h_sigmoid or sigmoid", string(a))
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
	case SiLU:
		return nn.SiLU
	case HSigmoid:
		return nn.HSigmoid
	case Sigmoid:
		return nn.Sigmoid
	}
	return nn.Identity
}

// Value is the activation of v; the empty Act gives v itself.
func (a Act) Value(v float32) float32 { return a.nn().Value(v) }
