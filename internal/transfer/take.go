package transfer

import (
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
)

// Source is a trained network.
type Source struct {
	Tensors []safetensors.Tensor
	Classes []string // by output; nil if they are not known
}

// Target is a network to be trained. Its last block is the classifier.
type Target struct {
	Params     []*nn.Param
	Classifier string   // name of the block
	Classes    []string // by output
}

// Taken says what a target has of a source. A parameter that is neither in Fresh nor in Part was
// taken over whole.
type Taken struct {
	Fresh []string `json:"fresh,omitempty"` // parameters of which nothing was taken over
	// Part has the leading corner that was taken over, by parameter, where it is not all.
	Part map[string][]int `json:"part,omitempty"`
	// Cut names the tensors of the source that have no place in the target, or not with all of
	// their values.
	Cut []string `json:"cut,omitempty"`
	// numbers of weights: taken over, fresh, and left behind; without statistics of batch norm
	WeightsTaken int64 `json:"weights_taken"`
	WeightsFresh int64 `json:"weights_fresh"`
	WeightsCut   int64 `json:"weights_cut,omitempty"`
}

// Share is the part of the target's weights that was taken over, 0 to 1.
func (t *Taken) Share() float64 {
	return float64(t.WeightsTaken) / float64(max(t.WeightsTaken+t.WeightsFresh, 1))
}

// Corner is the leading corner of a parameter that was taken over: its shape if that is all of it,
// nil if it is nothing, as it is where t is nil.
func (t *Taken) Corner(p *nn.Param) []int {
	if t == nil || slices.Contains(t.Fresh, p.Name) {
		return nil
	}
	if corner, ok := t.Part[p.Name]; ok {
		return corner
	}
	return p.Shape
}

// Take copies what fits from a source into a target, and says what that was.
func Take(to Target, from Source) *Taken {
	w := taking{to: to, from: from, taken: &Taken{Part: map[string][]int{}},
		columns: columns(to.Classes, from.Classes), byName: map[string]safetensors.Tensor{}}
	for _, t := range from.Tensors {
		w.byName[t.Name] = t
	}
	for _, p := range to.Params {
		w.take(p)
	}
	for _, t := range from.Tensors {
		w.leave(t)
	}
	return w.taken
}

// taking is the work of [Take].
type taking struct {
	to      Target
	from    Source
	byName  map[string]safetensors.Tensor
	columns []int // of the source's classifier, by class of the target; nil: none fits
	taken   *Taken
}

// take fills in one parameter.
func (w *taking) take(p *nn.Param) {
	corner := w.copy(p)
	n := size(corner)
	switch {
	case corner == nil:
		w.taken.Fresh = append(w.taken.Fresh, p.Name)
	case !slices.Equal(corner, p.Shape):
		w.taken.Part[p.Name] = corner
	}
	if !p.Statistic {
		w.taken.WeightsTaken += n
		w.taken.WeightsFresh += int64(len(p.Data)) - n
	}
}

// copy copies what fits into a parameter, and gives the corner that this is; nil if nothing fits.
func (w *taking) copy(p *nn.Param) []int {
	t, ok := w.byName[p.Name]
	if !ok || !alike(t, p) {
		return nil
	}
	spatial := kernelAxes(len(p.Shape))
	if spatial > 0 {
		t = w.resize(t, p.Shape[0])
	}
	if w.classifies(p.Name) {
		if w.columns == nil {
			return nil
		}
		t = pick(t, w.columns)
	}
	corner := slices.Clone(p.Shape)
	for i := range corner {
		corner[i] = min(corner[i], t.Shape[i])
	}
	copyCorner(p.Data, p.Shape, t.Data, t.Shape, corner)
	return corner
}

// classifies says whether a tensor is the classifier's.
func (w *taking) classifies(name string) bool {
	return strings.HasPrefix(name, w.to.Classifier+".")
}

// alike says whether a tensor can be taken over in part at least: the same number of axes, kernels
// that are square on both sides, and both of them with a centre.
func alike(t safetensors.Tensor, p *nn.Param) bool {
	if len(t.Shape) != len(p.Shape) || len(t.Shape) == 0 || len(t.Data) == 0 {
		return false
	}
	if kernelAxes(len(t.Shape)) == 0 {
		return true
	}
	return t.Shape[0] == t.Shape[1] && p.Shape[0] == p.Shape[1] &&
		t.Shape[0]%2 == p.Shape[0]%2
}

// leave counts what a tensor of the source loses. What batch norm measured is nothing that anybody
// misses.
func (w *taking) leave(t safetensors.Tensor) {
	var used int64
	for _, p := range w.to.Params {
		if p.Name == t.Name {
			used = overlap(t.Shape, w.taken.Corner(p))
		}
	}
	if lost := int64(len(t.Data)) - used; lost > 0 && !isStatistic(t.Name) {
		w.taken.Cut = append(w.taken.Cut, t.Name)
		w.taken.WeightsCut += lost
	}
}

// overlap is how many values of a tensor are in a corner that was filled from it: of a kernel that
// had zeros put around it, those that it had.
func overlap(shape, corner []int) int64 {
	if corner == nil {
		return 0
	}
	both := slices.Clone(corner)
	for i := range both {
		both[i] = min(both[i], shape[i])
	}
	return size(both)
}

// isStatistic tells what batch norm measures from what is trained, by the name.
func isStatistic(name string) bool {
	return strings.HasSuffix(name, ".bn.mean") || strings.HasSuffix(name, ".bn.var")
}

// size is the number of values of a shape; 0 of none.
func size(shape []int) int64 {
	if len(shape) == 0 {
		return 0
	}
	n := int64(1)
	for _, s := range shape {
		n *= int64(s)
	}
	return n
}

// copyCorner copies the leading corner of one tensor into another.
func copyCorner(dst []float32, shape []int, src []float32, srcShape, corner []int) {
	if len(corner) == 1 {
		copy(dst[:corner[0]], src)
		return
	}
	d, s := len(dst)/shape[0], len(src)/srcShape[0]
	for i := range corner[0] {
		copyCorner(dst[i*d:][:d], shape[1:], src[i*s:][:s], srcShape[1:], corner[1:])
	}
}
