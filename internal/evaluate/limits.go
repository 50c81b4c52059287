package evaluate

import (
	"errors"
	"fmt"
)

// ErrFile is what every refusal of a file wraps.
var ErrFile = errors.New("not a network that tailor exports")

// What a file may make this package spend. All is far over what networks need that tailor trains.
const (
	maxFile      = 1 << 28 // bytes of a file
	maxSteps     = 10_000  // operators
	maxTensors   = 50_000  // named values, constants among them
	maxValues    = 1 << 24 // elements of one tensor that is computed
	maxTotal     = 1 << 26 // elements of all of them together, which stay in memory
	maxConstants = 1 << 26 // elements of constants
	maxWork      = 1 << 32 // products of numbers
	maxText      = 1 << 20 // bytes of an entry of the metadata
	maxEntries   = 64      // of the metadata
	maxStructure = 4 << 20 // bytes of an ONNX file besides the constants' values
)

// refusef is what is wrong with a file; its reader adds [ErrFile].
func refusef(format string, args ...any) error { return fmt.Errorf(format, args...) }

// readBack gives what a reader makes of a file. The generated accessors of flatbuffers panic where
// an offset of a damaged file leads out of it.
func readBack(data []byte, read func([]byte) (*Model, error)) (m *Model, err error) {
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("%w: it is damaged (%v)", ErrFile, p)
		}
	}()
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: it has %d bytes, expected at most %d", ErrFile, len(data),
			maxFile)
	}
	if m, err = read(data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return m, nil
}

// length is how many elements a shape has; ok is false for shapes that are none, or too large.
func length(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 1 || d > maxValues || n*d > maxValues {
			return 0, false
		}
		n *= d
	}
	return n, len(shape) > 0 && len(shape) <= 4
}
