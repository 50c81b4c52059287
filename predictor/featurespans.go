package predictor

import (
	"math"

	"github.com/tailor-nas/tailor/supernet/choices"
)

// spans gives the features over a region: those of one choice exactly, the costs, which are on a
// log scale, between lines.
func (e *geneEncoder) spans(r *choices.Region, within *choices.Within) []span {
	all := e.genes.spans(r.Resolution)
	pixels := choices.Affine{
		Constant: float64(r.Resolution), Weights: make([]float64, e.genes.numbering.Len()),
	}
	var logs, squares []span
	costs := []choices.Affine{e.macs.Affine(r.Resolution), e.params.Affine(r.Resolution), pixels}
	for i, cost := range costs {
		v, square := e.scales[i].over(cost, within)
		logs, squares = append(logs, v), append(squares, square)
	}
	return append(append(all, logs...), squares...)
}

// over bounds what of gives of a cost over a region, and its square as encode has it.
func (s logScale) over(cost choices.Affine, within *choices.Within) (value, square span) {
	negative := cost.Negative()
	low, high := -within.Max(&negative), within.Max(&cost)
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
		value = span{line(cost, slope, exact(low)-slope*low-rounding),
			line(cost, tangent, exact(middle)-tangent*middle+rounding)}
	}
	// The square is convex: a tangent is below, the chord above. Each is a line of the value,
	// which may fall.
	const scale = costSpread / 2
	middle := (at + to) / 2
	square.low = value.line(2*middle/scale, -middle*middle/scale-rounding, false)
	square.high = value.line((at+to)/scale, -at*to/scale+rounding, true)
	return value, square
}

// line is slope*f + shift.
func line(f choices.Affine, slope, shift float64) choices.Affine {
	g := choices.Affine{Weights: make([]float64, len(f.Weights))}
	g.Constant = slope*f.Constant + shift
	for i, w := range f.Weights {
		g.Weights[i] = slope * w
	}
	return g
}

// line bounds slope*v + shift from above or below, where v is in the span.
func (v span) line(slope, shift float64, above bool) choices.Affine {
	if (slope > 0) == above {
		return line(v.high, slope, shift)
	}
	return line(v.low, slope, shift)
}
