package blocktimes

import (
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// Known is what is known of a block beforehand in networks of a resolution, such as its time on
// another device in milliseconds; NaN if that is not known.
type Known func(resolution int, b supernet.Block) float64

// Model says what blocks take.
type Model struct {
	known       Known // may be nil
	prices      work
	mean        float64            // price of a block
	corrections map[string]float64 // by group; nil for prices alone
}

// onceGroup is the correction of what a network takes once.
const onceGroup = "once"

// InterceptMS is what a network takes besides its blocks, in milliseconds.
func (m *Model) InterceptMS() float64 {
	return m.prices[once] + m.corrections[onceGroup]*m.mean
}

// BlockMS is what a block takes in networks of a resolution in milliseconds, at least 0; NaN if it
// is not known.
func (m *Model) BlockMS(resolution int, b supernet.Block) float64 {
	ms := workAt(m.known, resolution, b).dot(m.prices)
	if m.corrections == nil || math.IsNaN(ms) {
		return ms
	}
	corrected := ms
	for _, f := range features(resolution, b) {
		corrected += m.corrections[f.group] * (f.ofPrice*ms + f.ofMeans*m.mean)
	}
	return max(corrected, 0)
}

// workAt is the work of a block with what is known of it.
func workAt(before Known, resolution int, b supernet.Block) work {
	w := workOf(b)
	if before != nil {
		w[known] = before(resolution, b)
	}
	return w
}
