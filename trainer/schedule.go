package trainer

import "math"

// schedule turns epochs into steps and knows the learning rates.
type schedule struct {
	steps int // in all
	// step before which channels are sorted and from which sub-networks train: (W-s)·B
	shrinkFrom   int
	fullRateFrom int // step from which they train at the full rate: W·B
	lr           float64
	rise         int // steps over which the rate rises to the cosine
	perEpoch     int // steps an epoch
	// parts of a run that was extended: until a step, it was to have so many steps in all
	shorter []stretch
}

type stretch struct{ until, steps int }

// newSchedule is for a run of c with stepsPerEpoch steps an epoch.
func newSchedule(c Config, stepsPerEpoch int) schedule {
	s := schedule{steps: c.Epochs * stepsPerEpoch, lr: c.LR, perEpoch: stepsPerEpoch,
		rise: int(math.Round(c.LRWarmupEpochs * float64(stepsPerEpoch)))}
	switch c.Strategy {
	case DepS:
		s.fullRateFrom = int(math.Round(c.WarmupEpochs * float64(stepsPerEpoch)))
		s.shrinkFrom = s.fullRateFrom - int(math.Round(c.EpsilonEpochs*float64(stepsPerEpoch)))
	case Full:
		s.fullRateFrom, s.shrinkFrom = s.steps, s.steps
	}
	return s
}

// rate is the cosine learning rate η of a step.
func (s schedule) rate(step int) float64 { return s.cosine(step, s.length(step)) }

// cosine is the rate of a step in a run of so many; in the first steps a part of it, if it is to
// rise.
func (s schedule) cosine(step, steps int) float64 {
	rate := s.lr / 2 * (1 + math.Cos(math.Pi*float64(step)/float64(steps)))
	if step < s.rise {
		return rate * float64(step+1) / float64(s.rise)
	}
	return rate
}

// length is how many steps the run was to have in all when it came to a step.
func (s schedule) length(step int) int {
	for _, part := range s.shorter {
		if step < part.until {
			return part.steps
		}
	}
	return s.steps
}

// beta is the weight β of the sub-networks' gradients at a step (DepS, section 3.2, as
// released): during the ε-warm-up their effective rate β·η rises linearly from 0 to what η will be
// at its end; afterwards β is 1.
func (s schedule) beta(step int) float64 {
	switch {
	case step < s.shrinkFrom:
		return 0
	case step >= s.fullRateFrom:
		return 1
	}
	i, n := step-s.shrinkFrom, s.fullRateFrom-s.shrinkFrom
	goal := s.cosine(s.fullRateFrom, s.length(step))
	return float64(i+1) / float64(n) * goal / s.rate(step)
}
