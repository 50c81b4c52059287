package supernet

import (
	"cmp"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
)

// SortChannels reorders the middle channels of every block by importance, so that the leading ones,
// which narrower sub-networks keep, are the best: the L1 norm of the project convolution over each
// middle channel, and for hidden channels of squeeze-and-excitation that of its expand convolution
// (Cai et al., ICLR 2020, section 3.3). No network at full width changes its output, but for
// rounding. The optimiser's momentum is reordered with the weights, as are statistics among them
// ([NewWithStatistics]); those that a runner has calibrated are not: calibrate again.
func (s *Supernet) SortChannels() {
	for _, b := range s.full {
		if l, ok := s.layers[b.Name].(channelled); ok {
			l.sortChannels()
		}
	}
}

// byImportance orders the rows of a weight (in,out) by falling L1 norm; equal rows keep their
// order.
func byImportance(w *nn.Param) []int {
	in, out := w.Shape[0], w.Shape[1]
	norm := make([]float64, in)
	order := make([]int, in)
	for i := range in {
		order[i] = i
		for _, v := range w.Data[i*out:][:out] {
			norm[i] += math.Abs(float64(v))
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(norm[b], norm[a]) })
	return order
}

// permuteRows moves row order[i] to i.
func permuteRows(p *nn.Param, order []int) {
	cols := len(p.Data) / len(order)
	for _, data := range [][]float32{p.Data, p.Momentum} {
		if data == nil { // the momentum of a network that only infers
			continue
		}
		old := slices.Clone(data)
		for i, from := range order {
			copy(data[i*cols:][:cols], old[from*cols:][:cols])
		}
	}
}

// permuteColumns moves column order[i], the last axis, to i.
func permuteColumns(order []int, params ...*nn.Param) {
	for _, p := range params {
		permuteLast(order, p.Data)
		permuteLast(order, p.Momentum)
	}
}

// permuteNorm does so with batch norm, its statistics included.
func permuteNorm(order []int, n *nn.BatchNorm) {
	permuteColumns(order, n.Scale, n.Shift)
	permuteLast(order, n.Mean)
	permuteLast(order, n.Var)
}

func permuteLast(order []int, data []float32) {
	cols := len(order)
	old := make([]float32, cols)
	for ; len(data) > 0; data = data[cols:] {
		copy(old, data)
		for i, from := range order {
			data[i] = old[from]
		}
	}
}
