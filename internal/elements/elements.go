// Package elements turns the numbers of files that other programs wrote into float32.
package elements

import (
	"encoding/binary"
	"math"
)

// Type is how a file stores the elements of a tensor, little-endian. The zero value is float32.
type Type int

// The types. Floats that do not fit float32 are rounded, or become infinite.
const (
	F32  Type = iota
	F16       // IEEE 754 binary16
	BF16      // the upper half of a float32
	F64
	Byte // whole numbers and truth values of 1, 2, 4 and 8 bytes, which are not converted
	Whole16
	Whole32
	Whole64
)

// Bytes is the size of an element.
func (t Type) Bytes() int {
	switch t {
	case Byte:
		return 1
	case F16, BF16, Whole16:
		return 2
	case F64, Whole64:
		return 8
	}
	return 4
}

// Float says whether [Type.At] gives the elements.
func (t Type) Float() bool { return t < Byte }

// At gives element i of a tensor's bytes. The type must be one of floats.
func (t Type) At(raw []byte, i int) float32 {
	switch raw = raw[i*t.Bytes():]; t {
	case F16:
		return half(binary.LittleEndian.Uint16(raw))
	case BF16:
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw)) << 16)
	case F64:
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(raw))
}

// half gives the value of a binary16: a sign, 5 bits of exponent, 10 of fraction. All fit float32,
// which has 8 and 23.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 31: // infinite, or not a number
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case 0: // zero, or too small for a leading one: fraction · 2⁻²⁴ is exact
		v := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
