package openvino

import (
	"fmt"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// tensor is the input or the output of a model. A model whose shapes are fixed has the same from
// run to run.
type tensor struct {
	tensor unsafe.Pointer
	values []float32 // in the library's memory, as long as the tensor
}

// tensor gives the input or output of a shape.
func (s *session) tensor(get uintptr, shape []int) (t tensor, err error) {
	n, err := protocol.Len(shape)
	if err != nil {
		return t, err
	}
	const what = "give a tensor"
	err = s.api.call(what, get, uintptr(s.request), uintptr(unsafe.Pointer(&t.tensor)))
	if err != nil {
		return t, err
	}
	var count, bytes uintptr
	var at unsafe.Pointer
	for _, ask := range []struct {
		f  uintptr
		to unsafe.Pointer
	}{{s.api.CountValues, unsafe.Pointer(&count)}, {s.api.CountBytes, unsafe.Pointer(&bytes)},
		{s.api.GetData, unsafe.Pointer(&at)}} {
		if err := s.api.call(what, ask.f, uintptr(t.tensor), uintptr(ask.to)); err != nil {
			return t, err
		}
	}
	if count != uintptr(n) || bytes != uintptr(4*n) || at == nil {
		return t, fmt.Errorf("it has %d values in %d bytes, expected %d of float32", count, bytes,
			n)
	}
	t.values = unsafe.Slice((*float32)(at), n)
	return t, nil
}
