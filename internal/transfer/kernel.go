package transfer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/safetensors"
)

// kernelAxes is how many of a tensor's axes are height and width: (height,width,in,out) and
// (height,width,channels) have two, matrices and vectors none.
func kernelAxes(axes int) int {
	if axes > 2 {
		return 2
	}
	return 0
}

// resize gives a kernel with another side. A larger one becomes smaller as the source's own
// sub-networks make it: by its learned maps as far as there are some, else by its centre. A smaller
// one gets zeros around it.
func (w *taking) resize(t safetensors.Tensor, side int) safetensors.Tensor {
	for t.Shape[0] > side {
		next := w.next(t, side)
		small := centred(t, next)
		if m, ok := w.transform(t, next); ok {
			small = mapped(m, small)
		}
		t = small
	}
	if t.Shape[0] < side {
		t = centred(t, side)
	}
	return t
}

// next is the side to which the source has a map from a kernel's, if it is not below the one
// that is wanted; else that one.
func (w *taking) next(t safetensors.Tensor, side int) int {
	for to := t.Shape[0] - 2; to > side; to -= 2 {
		if _, ok := w.transform(t, to); ok {
			return to
		}
	}
	return side
}

// transform is the source's map from a kernel to a smaller side, (side²,side²).
func (w *taking) transform(t safetensors.Tensor, to int) (safetensors.Tensor, bool) {
	layer := strings.TrimSuffix(t.Name, ".weight")
	m, ok := w.byName[fmt.Sprintf("%s.transform.%dto%d", layer, t.Shape[0], to)]
	return m, ok && slices.Equal(m.Shape, []int{to * to, to * to})
}

// centred is the centre of a kernel, or a kernel in the centre of zeros.
func centred(t safetensors.Tensor, side int) safetensors.Tensor {
	had, taps := t.Shape[0], len(t.Data)/(t.Shape[0]*t.Shape[1])
	c := safetensors.Tensor{Name: t.Name, Shape: slices.Clone(t.Shape),
		Data: make([]float32, side*side*taps)}
	c.Shape[0], c.Shape[1] = side, side
	off := (side - had) / 2 // below 0 for a centre
	for y := max(0, off); y < min(side, had+off); y++ {
		for x := max(0, off); x < min(side, had+off); x++ {
			copy(c.Data[(y*side+x)*taps:][:taps], t.Data[((y-off)*had+x-off)*taps:])
		}
	}
	return c
}

// mapped is a kernel as a vector of its taps, multiplied by a matrix, channel by channel.
func mapped(m, t safetensors.Tensor) safetensors.Tensor {
	n := m.Shape[0]
	taps := len(t.Data) / n
	out := safetensors.Tensor{Name: t.Name, Shape: t.Shape, Data: make([]float32, len(t.Data))}
	for i := range n {
		for c := range taps {
			sum := 0.0
			for j := range n {
				sum += float64(m.Data[i*n+j]) * float64(t.Data[j*taps+c])
			}
			out.Data[i*taps+c] = float32(sum)
		}
	}
	return out
}
