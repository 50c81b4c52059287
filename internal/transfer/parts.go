package transfer

import (
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
)

// Part is a parameter or a piece of one, of which all was taken over or nothing.
type Part struct {
	*nn.Param
	Taken bool
}

// Parts cuts parameters, which have gradients and momentum, into parts. Pieces share the values of
// their parameter. Of what was taken over in part, whole says that it counts as fresh, with all of
// its values: their order is not the one in which they were taken over any more.
func (t *Taken) Parts(params []*nn.Param, whole bool) (all []Part) {
	for _, p := range params {
		corner := t.Corner(p)
		switch {
		case corner == nil:
			all = append(all, Part{p, false})
		case slices.Equal(corner, p.Shape):
			all = append(all, Part{p, true})
		case whole:
			all = append(all, Part{p, false})
		default:
			all = append(all, pieces(p, corner)...)
		}
	}
	return all
}

// pieces are the runs of values within a corner and outside it, in turn.
func pieces(p *nn.Param, corner []int) (all []Part) {
	add := func(from, to int, taken bool) {
		if from == to {
			return
		}
		all = append(all, Part{&nn.Param{Name: p.Name, Shape: []int{to - from}, Decay: p.Decay,
			Data: p.Data[from:to], Grad: p.Grad[from:to], Momentum: p.Momentum[from:to]}, taken})
	}
	last := len(p.Shape) - 1
	row, fresh := p.Shape[last], 0
	for at := 0; at < len(p.Data); at += row {
		if !inside(at/row, p.Shape[:last], corner[:last]) {
			continue
		}
		add(fresh, at, false)
		add(at, at+corner[last], true)
		fresh = at + corner[last]
	}
	add(fresh, len(p.Data), false)
	return all
}

// inside says whether a row, counted over all axes of a shape, is within a corner of it.
func inside(row int, shape, corner []int) bool {
	for i := len(shape) - 1; i >= 0; i-- {
		if row%shape[i] >= corner[i] {
			return false
		}
		row /= shape[i]
	}
	return true
}
