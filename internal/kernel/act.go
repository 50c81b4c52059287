package kernel

// Act is an activation function.
type Act uint8

// The activation functions. HSwish is x * relu6(x+3) / 6 (Howard et al., Searching for MobileNetV3,
// section 5.2), SiLU is x * sigmoid(x), also called swish (Ramachandran et al., Searching for
// Activation Functions). The last two are for gates, which are few values: they have no vector
// kernels.
const (
	Identity Act = iota
	ReLU
	ReLU6
	HSwish
	SiLU
	HSigmoid
	Sigmoid
	actCount
)

// Value is the activation of u.
func (a Act) Value(u float32) float32 {
	switch a {
	case ReLU:
		return max(u, 0)
	case ReLU6:
		return min(max(u, 0), 6)
	case HSwish:
		return u * hardSigmoid(u)
	case SiLU:
		return u / onePlusExp(u)
	case HSigmoid:
		return hardSigmoid(u)
	case Sigmoid:
		return 1 / onePlusExp(u)
	}
	return u
}

// Slope is the derivative of the activation at u; 0 at the kinks of ReLU, ReLU6 and HSigmoid, as
// PyTorch has it.
func (a Act) Slope(u float32) float32 {
	switch a {
	case ReLU:
		if u > 0 {
			return 1
		}
		return 0
	case ReLU6:
		if u > 0 && u < 6 {
			return 1
		}
		return 0
	case HSwish:
		switch {
		case u <= -3:
			return 0
		case u >= 3:
			return 1
		}
		return u/3 + 0.5
	case SiLU:
		s := 1 / onePlusExp(u)
		return s * (1 + float32(u*(1-s)))
	case HSigmoid:
		if u > -3 && u < 3 {
			return 1.0 / 6
		}
		return 0
	case Sigmoid:
		s := 1 / onePlusExp(u)
		return s * (1 - s)
	}
	return 1
}

// hardSigmoid is relu6(u+3) / 6.
func hardSigmoid(u float32) float32 { return min(max(u+3, 0), 6) / 6 }
