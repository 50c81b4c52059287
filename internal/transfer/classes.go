package transfer

import (
	"slices"

	"github.com/tailor-nas/tailor/internal/safetensors"
)

// SameClasses says whether the weights of a classifier fit other classes: the names are the same,
// in whatever order.
func SameClasses(to, from []string) bool { return columns(to, from) != nil }

// columns gives for each class the place that its name has among others; nil unless the names are
// the same. Names that are there twice are known by their place alone.
func columns(to, from []string) []int {
	if len(to) != len(from) || len(to) == 0 {
		return nil
	}
	all := make([]int, len(to))
	if slices.Equal(to, from) {
		for i := range all {
			all[i] = i
		}
		return all
	}
	at := map[string]int{}
	for i, name := range from {
		at[name] = i
	}
	seen := map[string]bool{}
	for i, name := range to {
		place, ok := at[name]
		if !ok || seen[name] {
			return nil
		}
		all[i], seen[name] = place, true
	}
	return all
}

// pick gives the columns of a tensor, its last axis, in another order.
func pick(t safetensors.Tensor, columns []int) safetensors.Tensor {
	last := len(t.Shape) - 1
	had := t.Shape[last]
	if had != len(columns) { // not of these classes
		return t
	}
	p := safetensors.Tensor{Name: t.Name, Shape: t.Shape, Data: make([]float32, len(t.Data))}
	for row := 0; row < len(t.Data); row += had {
		for i, from := range columns {
			p.Data[row+i] = t.Data[row+from]
		}
	}
	return p
}
