package onnxruntime

import (
	"fmt"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
)

// maxRank bounds the dimensions of a tensor.
const maxRank = 8

// shape gives the dimensions of the first input or output, which must be of n numbers.
func (s *session) shape(info function, n int) ([]int64, error) {
	var of, tensor unsafe.Pointer
	err := s.api.call(info, uintptr(s.session), 0, uintptr(unsafe.Pointer(&of)))
	defer func() { s.api.release(releaseTypeInfo, of) }()
	if err == nil {
		err = s.api.call(castTypeInfoToTensorInfo, uintptr(of), uintptr(unsafe.Pointer(&tensor)))
	}
	if err != nil {
		return nil, err
	}
	if tensor == nil {
		return nil, fmt.Errorf("it is no tensor")
	}
	return s.dimensions(tensor, n)
}

// dimensions reads those of what a tensor info describes.
func (s *session) dimensions(tensor unsafe.Pointer, n int) ([]int64, error) {
	var element int32
	var count, rank uintptr
	dims := make([]int64, maxRank)
	for _, ask := range []struct {
		f  function
		to unsafe.Pointer
	}{{getTensorElementType, unsafe.Pointer(&element)},
		{getTensorShapeElementCount, unsafe.Pointer(&count)},
		{getDimensionsCount, unsafe.Pointer(&rank)}} {
		if err := s.api.call(ask.f, uintptr(tensor), uintptr(ask.to)); err != nil {
			return nil, err
		}
	}
	if element != elementFloat || count != uintptr(n) || rank < 1 || rank > maxRank {
		return nil, fmt.Errorf("it has %d values of type %d in %d dimensions, expected %d of "+
			"float32", count, element, rank, n)
	}
	err := s.api.call(getDimensions, uintptr(tensor), uintptr(unsafe.Pointer(&dims[0])), rank)
	return dims[:rank], err
}

// name gives a copy of the name of the first input or output.
func (s *session) name(f function) (unsafe.Pointer, error) {
	var allocator, text unsafe.Pointer
	err := s.api.call(getAllocatorWithDefaultOptions, uintptr(unsafe.Pointer(&allocator)))
	if err == nil {
		err = s.api.call(f, uintptr(s.session), 0, uintptr(allocator),
			uintptr(unsafe.Pointer(&text)))
	}
	if err != nil {
		return nil, err
	}
	copied := s.memory.Text(clib.Text(text))
	return copied, s.api.call(allocatorFree, uintptr(allocator), uintptr(text))
}
