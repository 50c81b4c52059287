package protocol

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Bytes are numbers as they follow a line: float32, little-endian.
func Bytes(numbers []float32) []byte {
	data := make([]byte, 4*len(numbers))
	for i, v := range numbers {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return data
}

// Floats reads bytes into numbers, as many as there are.
func Floats(numbers []float32, data []byte) error {
	if len(data) != 4*len(numbers) {
		return fmt.Errorf("%w: %d bytes, expected %d numbers of 4", ErrFormat, len(data),
			len(numbers))
	}
	for i := range numbers {
		numbers[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return nil
}

// maxShape bounds the values of a shape.
const maxShape = MaxBytes / 4

// Len is how many values a shape has.
func Len(shape []int) (int, error) {
	n := 1
	if len(shape) == 0 || len(shape) > 8 {
		return 0, fmt.Errorf("%w: a shape of %d dimensions, expected 1 to 8", ErrFormat, len(shape))
	}
	for _, d := range shape {
		if d < 1 || d > maxShape/n {
			return 0, fmt.Errorf("%w: shape %v, expected dimensions of 1 or more, and at most %d "+
				"values", ErrFormat, shape, maxShape)
		}
		n *= d
	}
	return n, nil
}
