package predictor

import (
	"math"

	"github.com/tailor-nas/tailor/predictor/regress"
)

const (
	// minNetworks is how many whole networks it takes to calibrate, and to say how good that is.
	minNetworks = 3
	// negativeGain is how much smaller the error must be with a negative intercept. A fixed cost
	// below 0 makes sense only where timing a block alone costs more than the block costs inside a
	// network.
	negativeGain = 0.9
)

// calibration turns the sum over a network's blocks into its latency.
type calibration struct{ intercept, slope float64 }

func (c calibration) of(sum float64) float64 { return c.intercept + c.slope*sum }

// timing is a whole network: the sum over its blocks and its own latency, both positive.
type timing struct{ sum, ms float64 }

// moments are what a least squares fit of relative errors needs of timings: with weights 1/ms^2,
// the sums of 1, sum, ms, sum^2 and sum*ms. One timing can be taken out again, with sign -1. Errors
// are relative since a millisecond is much for a network of five, and little for one of a hundred.
type moments struct{ n, w, ws, wt, wss, wst float64 }

func (m *moments) add(t timing, sign float64) {
	r, s := sign/t.ms, t.sum/t.ms
	m.n += sign
	m.w += r / t.ms
	m.ws += r * s
	m.wt += r
	m.wss += sign * s * s
	m.wst += sign * s
}

// scale is the slope of the line through 0 with the smallest relative errors.
func (m *moments) scale() calibration { return calibration{0, m.wst / m.wss} }

// affine is the line with the smallest relative errors, from the normal equations
//
//	w*intercept  + ws*slope  = wt
//	ws*intercept + wss*slope = wst
//
// or false if the timings do not determine one that rises.
func (m *moments) affine() (calibration, bool) {
	det := m.w*m.wss - m.ws*m.ws
	if m.n < 1.5 || det <= 1e-12*m.w*m.wss {
		return calibration{}, false
	}
	slope := (m.w*m.wst - m.ws*m.wt) / det
	return calibration{(m.wt - slope*m.ws) / m.w, slope}, slope > 0
}

// calibrate fits a line with the smallest relative errors. Blocks timed one by one miss what a
// network costs once (a positive intercept), or each pays what a network pays once (a negative
// one). Whether the line goes through 0 is decided by leaving one out, so that a few noisy networks
// do not make an intercept up. Every sum from smallest up gets a positive latency.
func calibrate(timings []timing, smallest float64) calibration {
	var all moments
	for _, t := range timings {
		all.add(t, 1)
	}
	scale := all.scale()
	affine, ok := all.affine()
	if !ok || len(timings) < minNetworks || affine.of(smallest) <= 0 {
		return scale
	}
	var scaleLoss, affineLoss float64
	for _, t := range timings {
		rest := all
		rest.add(t, -1)
		scaleLoss += relativeSquare(rest.scale(), t)
		c, ok := rest.affine()
		if !ok {
			return scale
		}
		affineLoss += relativeSquare(c, t)
	}
	if affine.intercept < 0 {
		scaleLoss *= negativeGain * negativeGain
	}
	if affineLoss < scaleLoss {
		return affine
	}
	return scale
}

func relativeSquare(c calibration, t timing) float64 { return math.Pow(c.of(t.sum)/t.ms-1, 2) }

// leaveOneOut predicts each network by a calibration that did not see it.
func leaveOneOut(timings []timing, smallest float64) []float64 {
	return leaveOut(timings, single(len(timings)), func(rest []timing) func(timing) float64 {
		c := calibrate(rest, smallest)
		return func(out timing) float64 { return c.of(out.sum) }
	})
}

// single are parts of one element each.
func single(n int) [][]int {
	parts := make([][]int, n)
	for i := range parts {
		parts[i] = []int{i}
	}
	return parts
}

// leaveOut predicts each of all by what was fitted to the other parts.
func leaveOut[T any](all []T, parts [][]int, fit func(rest []T) func(out T) float64) []float64 {
	predicted := make([]float64, len(all))
	for _, part := range parts {
		predict := fit(regress.Without(all, part))
		for _, i := range part {
			predicted[i] = predict(all[i])
		}
	}
	return predicted
}
