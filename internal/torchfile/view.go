package torchfile

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/elements"
)

// storage is a run of elements that tensors look into.
type storage struct {
	key      string // that the file knows it by
	elements int64  // as the state dict says
	typ      elements.Type
	raw      []byte // its bytes; nil until they are found in the file
}

// view is a tensor as the file has it: elements of a storage, from an offset on, by strides.
type view struct {
	storage *storage
	offset  int64
	shape   []int64
	strides []int64 // in elements
}

// check says what is wrong with a view, "" if nothing: it must stay within its storage, and show no
// element twice. Then its elements are no more than the storage's.
func (v *view) check() string {
	if len(v.shape) > maxDims || len(v.strides) != len(v.shape) {
		return fmt.Sprintf("a tensor has %d dimensions and %d strides, expected as many of both, at most %d", len(v.shape), len(v.strides), maxDims)
	}
	room := v.storage.elements - v.offset
	if v.offset < 0 || room < 0 {
		return fmt.Sprintf("a tensor begins at element %d of a storage of %d", v.offset,
			v.storage.elements)
	}
	switch least := slices.Min(append(v.shape, 1)); {
	case least < 0:
		return fmt.Sprintf("a tensor has shape %v", v.shape)
	case least == 0: // no elements, which are nowhere
		return ""
	}
	// From the smallest stride up, each step must lead past all that the smaller ones reach.
	reach := int64(1)
	for _, d := range v.dims() {
		if d.stride < reach {
			return fmt.Sprintf("a tensor of shape %v and strides %v shows elements twice", v.shape,
				v.strides)
		}
		if d.stride > (room-reach)/(d.size-1) {
			return fmt.Sprintf("a tensor of shape %v and strides %v reaches beyond its storage of %d elements", v.shape, v.strides, v.storage.elements)
		}
		reach += (d.size - 1) * d.stride
	}
	if reach > room {
		return fmt.Sprintf("a tensor begins at element %d of a storage of %d", v.offset,
			v.storage.elements)
	}
	return ""
}

type dim struct{ size, stride int64 }

// dims are those along which the tensor extends, by rising stride.
func (v *view) dims() (all []dim) {
	for i, n := range v.shape {
		if n > 1 {
			all = append(all, dim{n, v.strides[i]})
		}
	}
	slices.SortStableFunc(all, func(a, b dim) int { return cmp.Compare(a.stride, b.stride) })
	return all
}

// len is the number of elements of a checked view.
func (v *view) len() int64 {
	n := int64(1)
	for _, size := range v.shape {
		n *= size
	}
	return n
}

// copiedAtOnce is how many elements are copied before the context is looked at again.
const copiedAtOnce = 1 << 20

// copy gives the elements of a view of floats, the last dimension fastest.
func (v *view) copy(ctx context.Context) ([]float32, error) {
	n := int(v.len())
	out := make([]float32, 0, n)
	index := make([]int64, len(v.shape))
	for at := v.offset; len(out) < n; {
		if len(out)%copiedAtOnce == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out = append(out, v.storage.typ.At(v.storage.raw, int(at)))
		for d := len(index) - 1; d >= 0; d-- {
			index[d]++
			at += v.strides[d]
			if index[d] < v.shape[d] {
				break
			}
			at -= index[d] * v.strides[d]
			index[d] = 0
		}
	}
	return out, nil
}
