package kernel

// Act is an activation function.
type Act uint8

// The activation functions. HSwish is x * relu6(x+3) / 6 (Howard et al., Searching for MobileNetV3,
// section 5.2).
const (
	Identity Act = iota
	ReLU
	ReLU6
	HSwish
)

// Value is the activation of u.
func (a Act) Value(u float32) float32 {
	switch a {
	case ReLU:
		return max(u, 0)
	case ReLU6:
		return min(max(u, 0), 6)
	case HSwish:
		return u * HardSigmoid(u)
	}
	return u
}

// Slope is the derivative of the activation at u; 0 at the kinks of ReLU and ReLU6, as PyTorch has
// it.
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
	}
	return 1
}

// HardSigmoid is relu6(u+3) / 6.
func HardSigmoid(u float32) float32 { return min(max(u+3, 0), 6) / 6 }

// HardSigmoidSlope is its derivative.
func HardSigmoidSlope(u float32) float32 {
	if u > -3 && u < 3 {
		return 1.0 / 6
	}
	return 0
}
