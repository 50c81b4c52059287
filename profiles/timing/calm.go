package timing

import "math"

// calmSlowdown bounds how many times its undisturbed time the reference may take beside a sample
// that counts: less than what a busy sibling hyperthread costs (1.3 to 1.9 times), more than clock
// speeds and caches do by themselves.
const calmSlowdown = 1.25

// undisturbedShare are the fastest samples of the reference, of which the slowest is what it takes
// undisturbed. A machine may be undisturbed for no more than this share of a session; fewer samples
// than that can be a lucky moment of turbo.
const undisturbedShare = 0.01

// calm is the most that the reference takes, in milliseconds a run, while nothing slows the
// machine.
type calm float64

// anything is what is known before there are samples.
var anything = calm(math.Inf(1))

// calmOf judges by samples of the reference in any order, one or more.
func calmOf(refs []float64) calm {
	return calm(calmSlowdown * quantile(sortedCopy(refs), undisturbedShare))
}

// of are those rounds in which nothing slowed the machine, neither before nor after the sample. It
// never looks at the sample itself: that would prefer those that were fast by chance.
func (c calm) of(rounds []round) []round {
	quiet := make([]round, 0, len(rounds))
	for _, r := range rounds {
		if r.before <= float64(c) && r.after <= float64(c) {
			quiet = append(quiet, r)
		}
	}
	return quiet
}

// rounds are those to judge a subject by, and whether they suffice. Of all, the fastest are
// undisturbed if half of them are. Where the machine is slowed most of the time, the quiet ones
// count, if they are enough: slowed, most subjects have another ratio to the reference, and what
// mixes the two depends on when each subject was timed.
func (c calm) rounds(all []round) (judged []round, enough bool) {
	quiet := c.of(all)
	switch {
	case 2*len(quiet) >= len(all):
		return all, true
	case len(quiet) >= minFast:
		return quiet, true
	}
	return all, false
}

// references are those samples of the reference that nothing slowed.
func (c calm) references(refs []float64) []float64 {
	var quiet []float64
	for _, r := range refs {
		if r <= float64(c) {
			quiet = append(quiet, r)
		}
	}
	return quiet
}
