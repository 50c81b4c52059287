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
func (s *Supernet) SortChannels() { s.SortChannelsWithin(nil) }

// SortChannelsWithin does so where narrower networks have been trained already, which keep the
// channels that they have: only those between the widths of two of them are put in order. No given
// network changes its output, but for rounding.
func (s *Supernet) SortChannelsWithin(trained [][]Block) {
	widths := map[string]widths{}
	for _, network := range trained {
		for _, b := range network {
			widths[b.Name] = widths[b.Name].and(b)
		}
	}
	for _, b := range s.full {
		if l, ok := s.layers[b.Name].(sorter); ok {
			l.sortChannels(widths[b.Name])
		}
	}
}

// widths are numbers of channels that blocks of one name have in several networks, in any order:
// of middle channels, and of hidden ones of squeeze-and-excitation.
type widths struct{ middle, hidden []int }

// and adds those of a block. Without an expand convolution its middle channels are its input, of
// which each has its place.
func (w widths) and(b Block) widths {
	w.middle, w.hidden = append(w.middle, b.Mid), append(w.hidden, b.SE)
	if b.Kind == MBConv && !b.HasExpand() {
		for i := range b.Mid {
			w.middle = append(w.middle, i)
		}
	}
	return w
}

// byImportance orders the inputs of a weight (in,out), or (kernel,kernel,in,out), by falling L1
// norm; equal ones keep their order, and none passes one of the widths.
func byImportance(w *nn.Param, widths []int) []int {
	in, out := w.Shape[len(w.Shape)-2], w.Shape[len(w.Shape)-1]
	norm := make([]float64, in)
	order := make([]int, in)
	for i := range in {
		order[i] = i
	}
	for row := range len(w.Data) / out {
		for _, v := range w.Data[row*out:][:out] {
			norm[row%in] += math.Abs(float64(v))
		}
	}
	from := 0
	for _, end := range slices.Sorted(slices.Values(append([]int{in}, widths...))) {
		slices.SortStableFunc(order[from:end],
			func(a, b int) int { return cmp.Compare(norm[b], norm[a]) })
		from = end
	}
	return order
}

// permuteRows moves row order[i] to i.
func permuteRows(p *nn.Param, order []int) {
	for _, data := range [][]float32{p.Data, p.Momentum} {
		permute(data, order)
	}
}

// permute moves part order[i] of as many equal ones to i.
func permute(data []float32, order []int) {
	cols, old := len(data)/len(order), slices.Clone(data)
	for i, from := range order {
		copy(data[i*cols:][:cols], old[from*cols:][:cols])
	}
}

// permuteInputs moves input order[i] of a weight (kernel,kernel,in,out) to i.
func permuteInputs(p *nn.Param, order []int) {
	tap := len(order) * p.Shape[len(p.Shape)-1]
	for _, data := range [][]float32{p.Data, p.Momentum} {
		for ; len(data) > 0; data = data[tap:] {
			permute(data[:tap], order)
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
