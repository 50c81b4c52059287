package trainer

import "math"

// schedule turns epochs into steps and knows the learning rates.
type schedule struct {
	steps int // in all
	// step from which sub-networks train: (W-s)·B of DepS, which sorts channels before it
	shrinkFrom   int
	fullRateFrom int // step from which they train at the full rate: W·B
	lr           float64
	rise         int // steps over which the rate rises to the cosine
	perEpoch     int // steps an epoch
	// parts of a run that was extended: until a step, it was to have so many steps in all
	shorter []stretch
	phased  []phase // of strategies with phases that have rates of their own
}

type stretch struct{ until, steps int }

// phase is the steps of a run from one to before another.
type phase struct {
	name     string
	from, to int
	cost     int           // which of the costs its steps have; 0 is the largest network alone
	settings PhaseSettings // of a schedule that is phased
	rise     int
}

// newSchedule is for a run of c with stepsPerEpoch steps an epoch.
func newSchedule(c Config, stepsPerEpoch int) schedule {
	s := schedule{steps: c.Epochs * stepsPerEpoch, lr: c.LR, perEpoch: stepsPerEpoch}
	s.rise = s.step(c.LRWarmupEpochs)
	switch c.Strategy {
	case DepS:
		s.fullRateFrom = s.step(c.WarmupEpochs)
		s.shrinkFrom = s.fullRateFrom - s.step(c.EpsilonEpochs)
	case Progressive, CompOFA:
		s.addPhases(c.Phases)
	case Full:
		s.fullRateFrom, s.shrinkFrom = s.steps, s.steps
	}
	return s
}

// step is that at which so many epochs are over.
func (s schedule) step(epochs float64) int {
	return int(math.Round(epochs * float64(s.perEpoch)))
}

// addPhases lays phases one after the other, those that last no step left out.
func (s *schedule) addPhases(all []PhaseSettings) {
	epochs, from := 0.0, 0
	for i, p := range all {
		epochs += p.Epochs
		to := min(s.step(epochs), s.steps)
		if i == len(all)-1 {
			to = s.steps
		}
		if to > from {
			s.phased = append(s.phased, phase{name: p.Name, from: from, to: to, cost: i + 1,
				settings: p, rise: s.step(p.LRWarmupEpochs)})
			from = to
		}
	}
	for i := range s.phased {
		if p := &s.phased[i]; p.settings.Networks == 0 {
			p.cost = 0
			if p.from == s.shrinkFrom {
				s.shrinkFrom = p.to
			}
		}
	}
	s.fullRateFrom = s.shrinkFrom
}

// phases lists the parts of a run that have steps.
func (s schedule) phases() (all []phase) {
	if s.phased != nil {
		return s.phased
	}
	for _, p := range []phase{
		{name: "largest alone", to: s.shrinkFrom},
		{name: "warm-up", from: s.shrinkFrom, to: s.fullRateFrom, cost: 1},
		{name: "shrinking", from: s.fullRateFrom, to: s.steps, cost: 1},
	} {
		if p.to > p.from {
			all = append(all, p)
		}
	}
	return all
}

// part is the cost of the steps from one on, and the step at which that changes.
func (s schedule) part(from int) (cost, to int) {
	to = from
	for _, p := range s.phases() {
		switch {
		case p.to <= from:
		case to == from:
			cost, to = p.cost, p.to
		case p.cost != cost:
			return cost, to
		default:
			to = p.to
		}
	}
	return cost, to
}

// taught says whether a frozen teacher takes part.
func (s schedule) taught() bool {
	for _, p := range s.phased {
		if p.settings.Teacher > 0 {
			return true
		}
	}
	return false
}

// phaseAt is the phase of a step; after the last step the last.
func (s schedule) phaseAt(step int) phase {
	all := s.phases()
	for _, p := range all {
		if step < p.to {
			return p
		}
	}
	return all[len(all)-1]
}

// rate is the learning rate η of a step: a cosine over the run, or over its phase.
func (s schedule) rate(step int) float64 {
	if s.phased == nil {
		return s.cosine(step, s.length(step))
	}
	p := s.phaseAt(step)
	part := schedule{lr: s.lr * p.settings.LR, rise: p.rise}
	return part.cosine(step-p.from, p.to-p.from)
}

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
