package standalone

import (
	"math"

	"github.com/tailor-nas/tailor/trainer"
)

// epsilon is ε at a part of training, 0 to 1.
func epsilon(s trainer.Scaling, part float64) float64 {
	return s.Epsilon * math.Pow(s.EpsilonEnd/s.Epsilon, part)
}

// factors turns the squares of a layer's weights (or the mean squares of its groups) into the
// factors of their gradients, in place. Those that are gone count for nothing and get 0. gone may
// be nil.
func factors(s trainer.Scaling, z []float64, gone []bool, epsilon float64) {
	left, mean := 0, 0.0
	for i, v := range z {
		if gone == nil || !gone[i] {
			left++
			mean += v
		}
	}
	if left == 0 {
		clear(z)
		return
	}
	mean /= float64(left)
	if !s.Absolute {
		if mean == 0 {
			mean = 1 // nothing to be relative to: all weights are zero, and equal
		}
		if s.Measure == trainer.LogL2 {
			epsilon *= mean
		} else {
			epsilon *= math.Sqrt(mean)
		}
	}
	sum := 0.0
	for i, v := range z {
		if gone != nil && gone[i] {
			z[i] = 0
			continue
		}
		z[i] = squared(s, v, epsilon)
		sum += z[i]
	}
	if s.Unnormalized {
		return
	}
	scale := sum / float64(left)
	for i := range z {
		z[i] /= scale
	}
}

// squared is w² of a weight of square z.
func squared(s trainer.Scaling, z, epsilon float64) float64 {
	switch s.Measure {
	case trainer.LogL1:
		w := math.Sqrt(z) + epsilon
		return w * w
	case trainer.PNorm:
		switch s.P {
		case 0.5:
			w := math.Sqrt(z) + epsilon
			return w * math.Sqrt(w)
		case 1:
			return math.Sqrt(z) + epsilon
		case 2:
			return 1
		}
		return math.Pow(math.Sqrt(z)+epsilon, 2-s.P)
	}
	return z + epsilon
}
