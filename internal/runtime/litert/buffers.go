package litert

import (
	"fmt"
	"unsafe"
)

// maxRank is how many dimensions a layout has room for.
const maxRank = 8

// layout is LiteRtLayout: the shape of a tensor.
type layout struct {
	rank       uint32 // 7 bits, and one that says whether there are strides
	dimensions [maxRank]int32
	strides    [maxRank]uint32
}

// tensorType is LiteRtRankedTensorType, 72 bytes.
type tensorType struct {
	element int32
	layout  layout
}

// len is how many values a tensor of the layout has, 0 for one that is not understood.
func (l *layout) len() int {
	n := 1
	for i := range min(int(l.rank&0x7f), maxRank) {
		n *= int(l.dimensions[i])
	}
	return n
}

// buffers makes those of the model's input and output.
func (s *session) buffers(e *Engine) (err error) {
	in, out := &tensorType{element: float32Type}, &tensorType{element: float32Type}
	err = call("tell the input's shape", s.api.GetCompiledModelInputTensorLayout,
		uintptr(s.compiled), 0, 0, uintptr(unsafe.Pointer(&in.layout)))
	if err != nil {
		return err
	}
	err = call("tell the output's shape", s.api.GetCompiledModelOutputTensorLayouts,
		uintptr(s.compiled), 0, 1, uintptr(unsafe.Pointer(&out.layout)), 0)
	if err != nil {
		return err
	}
	if in.layout.len() != s.inN || out.layout.len() != s.outN {
		return fmt.Errorf("the model takes %d values and gives %d, expected %d and %d",
			in.layout.len(), out.layout.len(), s.inN, s.outN)
	}
	if s.in, err = s.buffer(e, in, s.inN); err != nil {
		return err
	}
	s.out, err = s.buffer(e, out, s.outN)
	return err
}

// buffer makes one for n values.
func (s *session) buffer(e *Engine, of *tensorType, n int) (made unsafe.Pointer, err error) {
	// XNNPACK may read beyond the end of a row: as much more as it asks for elsewhere.
	const spare = 64
	size := uintptr(4*n + spare)
	err = call("make a buffer", s.api.CreateManagedTensorBuffer, uintptr(e.env), hostMemory,
		uintptr(unsafe.Pointer(of)), size, uintptr(unsafe.Pointer(&made)))
	return made, err
}
