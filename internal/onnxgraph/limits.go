package onnxgraph

import (
	"errors"
	"fmt"
)

// ErrFile is wrapped by errors about files that are no ONNX file, or too large.
var ErrFile = errors.New("not an ONNX file that can be read")

// MaxFile bounds the bytes of a file.
const MaxFile = 1 << 29

// What else a file may make this package spend.
const (
	maxNodes    = 20_000
	maxNames    = 100_000 // inputs and outputs of nodes, dimensions and attributes
	maxDims     = 8
	maxElements = 1 << 25 // of one tensor
	maxLive     = 1 << 26 // elements of all tensors that are kept at one time
	maxWork     = 1 << 34 // products of numbers
	maxText     = 1 << 16 // bytes of a name
)

func refusef(format string, args ...any) error { return fmt.Errorf(format, args...) }

// elements is how many elements a shape has; no dimension at all is one.
func elements(dims []int) (n int, ok bool) {
	if len(dims) > maxDims {
		return 0, false
	}
	n = 1
	for _, d := range dims {
		if d < 0 || d > maxElements || n*d > maxElements {
			return 0, false
		}
		n *= d
	}
	return n, true
}
