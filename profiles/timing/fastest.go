package timing

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// fastShare is the share of samples, the fastest, that an estimate is the mean of.
const fastShare = 0.25

// minFast is how many rounds the fastest samples are taken of; of fewer there may be none that
// nothing disturbed, neither of the subject nor of the reference.
const minFast = 20

// round is a sample of a subject between two of the reference, in milliseconds a run.
type round struct{ raw, before, after float64 }

// ratio is an estimate of a subject's time in units of the reference's, with its 95 % interval.
type ratio struct{ estimate, low, high float64 }

// width is relative to the estimate.
func (r ratio) width() float64 { return (r.high - r.low) / r.estimate }

// ratioOf compares the fastest samples, those that nothing hit: what interrupts for a moment hits a
// long subject more often than a short reference, and with two other jobs for each processor,
// medians put networks of 3 ms 5 to 9 % above their time on the quiet machine. Of a few rounds there
// may be no such sample: then it is the median of ratios, which holds where subject and reference
// are slowed alike.
func ratioOf(rounds []round) ratio {
	if len(rounds) < minFast {
		return middleRatio(rounds)
	}
	return fastRatio(rounds)
}

// middleRatio is the median of ratios to the references beside. A round gives two, to the reference
// before and after, and both count by themselves: the mean of two references is disturbed more
// often than one subject, and ratios to it come out too small.
func middleRatio(rounds []round) ratio {
	var ratios []float64
	for _, r := range rounds {
		ratios = append(ratios, r.raw/r.before, r.raw/r.after)
	}
	sorted := sortedCopy(ratios)
	middle := quantile(sorted, 0.5)
	low, high := medianInterval(sorted, effectiveSize(signsAround(ratios, middle)))
	return ratio{middle, low, high}
}

// fastRatio compares the fastest samples of a subject with the fastest of the references beside it,
// of the same rounds: what slows the machine for minutes slows both.
func fastRatio(rounds []round) ratio {
	raw, refs := make([]float64, len(rounds)), make([]float64, 0, 2*len(rounds))
	for i, r := range rounds {
		raw[i] = r.raw
		refs = append(refs, r.before, r.after)
	}
	subject, reference := fastestOf(raw), fastestOf(refs)
	effects := make([]float64, len(rounds))
	for i, r := range rounds {
		effects[i] = subject.effect(r.raw) -
			(reference.effect(r.before)+reference.effect(r.after))/2
	}
	e := ratio{estimate: subject.mean / reference.mean}
	spread := math.Exp(halfWidth(effects))
	e.low, e.high = e.estimate/spread, e.estimate*spread
	return e
}

// fastest is the mean of the fastest samples, the slowest of which takes limit.
type fastest struct{ mean, limit float64 }

// fastestOf takes samples in any order, one or more.
func fastestOf(x []float64) fastest {
	sorted := sortedCopy(x)
	n := max(1, int(math.Round(fastShare*float64(len(sorted)))))
	var sum float64
	for _, v := range sorted[:n] {
		sum += v
	}
	return fastest{sum / float64(n), sorted[n-1]}
}

// effect is the influence of a sample on the logarithm of the mean, but for a constant: that of a
// mean below a quantile, known as expected shortfall (Acerbi and Tasche, Journal of Banking &
// Finance 26, 2002, section 4).
func (f fastest) effect(sample float64) float64 {
	return -max(f.limit-sample, 0) / fastShare / f.mean
}

// halfWidth is half the 95 % interval of the mean of effects, in time order. Of n samples that
// count as fewer, since they depend on each other, a quarter decides: their number is that of
// Student's t.
func halfWidth(effects []float64) float64 {
	n := float64(len(effects))
	var mean, variance float64
	for _, e := range effects {
		mean += e / n
	}
	centred := make([]float64, len(effects))
	for i, e := range effects {
		centred[i] = e - mean
		variance += centred[i] * centred[i] / max(n-1, 1)
	}
	effective := effectiveSize(centred)
	t := distuv.StudentsT{Sigma: 1, Nu: max(fastShare*effective-1, 1)}
	return t.Quantile(1-(1-confidence)/2) * math.Sqrt(variance/effective)
}
