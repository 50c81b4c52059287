package predictor

import "math"

// spans gives the features over a region: those of one choice exactly, the costs, which are on a log scale, between lines.
func (e *Encoder) spans(r *Region, s *sieve) []span {
	l := e.layout
	exact := func(at ...int) span {
		f := Affine{weights: make([]float64, l.choices())}
		for _, i := range at {
			f.weights[i] = 1
		}
		return span{f, f}
	}
	all := make([]span, 0, e.length)
	for i := range l.resolutions {
		f := exact()
		if i == r.resolution {
			f.low.constant, f.high.constant = 1, 1
		}
		all = append(all, f)
	}
	for i := range l.stages {
		st := &l.stages[i]
		for d := range st.depths {
			all = append(all, exact(l.depthAt(i)+d))
		}
		for b := st.first; b < st.first+st.most(); b++ {
			kernels, expands := make([][]int, oneHot(len(st.kernels))), make([][]int, oneHot(len(st.expands)))
			for v := range l.variants[b] {
				kernel, expand := st.genes(v)
				at := l.variantAt(b) + v
				if len(kernels) > 0 {
					kernels[kernel] = append(kernels[kernel], at)
				}
				if len(expands) > 0 {
					expands[expand] = append(expands[expand], at)
				}
			}
			for _, at := range append(kernels, expands...) {
				all = append(all, exact(at...))
			}
		}
	}
	pixels := Affine{float64(l.resolutions[r.resolution]), make([]float64, l.choices())}
	var logs, squares []span
	for i, cost := range []Affine{e.macs.Affine(r.resolution), e.params.Affine(r.resolution), pixels} {
		v, square := e.scales[i].over(cost, s)
		logs, squares = append(logs, v), append(squares, square)
	}
	return append(append(all, logs...), squares...)
}

// over bounds what of gives of a cost over a region, and its square as encode has it.
func (s logScale) over(cost Affine, within *sieve) (value, square span) {
	negative := Affine{-cost.constant, negated(cost.weights)}
	low, high := -within.max(&negative), within.max(&cost)
	exact := func(v float64) float64 {
		if s.perLog == 0 {
			return 0
		}
		return (math.Log(v)-s.low)*s.perLog - costSpread/2
	}
	// float32 rounds the feature.
	const rounding = 1e-6
	at, to := exact(low)-rounding, exact(high)+rounding
	value = span{line(cost, 0, at), line(cost, 0, to)}
	if s.perLog != 0 && high > low*(1+1e-9) {
		// The logarithm is concave: the chord is below, a tangent above.
		slope := (exact(high) - exact(low)) / (high - low)
		middle := (low + high) / 2
		tangent := s.perLog / middle
		value = span{line(cost, slope, exact(low)-slope*low-rounding), line(cost, tangent, exact(middle)-tangent*middle+rounding)}
	}
	// The square is convex: a tangent is below, the chord above. Each is a line of the value, which may fall.
	const scale = costSpread / 2
	middle := (at + to) / 2
	square.low = value.line(2*middle/scale, -middle*middle/scale-rounding, false)
	square.high = value.line((at+to)/scale, -at*to/scale+rounding, true)
	return value, square
}

// line is slope*f + shift.
func line(f Affine, slope, shift float64) Affine {
	g := Affine{slope*f.constant + shift, make([]float64, len(f.weights))}
	for i, w := range f.weights {
		g.weights[i] = slope * w
	}
	return g
}

// line bounds slope*v + shift from above or below, where v is in the span.
func (v span) line(slope, shift float64, above bool) Affine {
	if (slope > 0) == above {
		return line(v.high, slope, shift)
	}
	return line(v.low, slope, shift)
}
