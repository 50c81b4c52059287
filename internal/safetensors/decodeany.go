package safetensors

import (
	"fmt"
	"io"
	"slices"

	"github.com/tailor-nas/tailor/internal/elements"
)

// anyTypes are the types of elements that the format knows, and how their bytes are read.
var anyTypes = map[string]elements.Type{
	typeF32: elements.F32, "F16": elements.F16, "BF16": elements.BF16, "F64": elements.F64,
	typeU8: elements.Byte, "I8": elements.Byte, "BOOL": elements.Byte, "F8_E5M2": elements.Byte,
	"F8_E4M3": elements.Byte, "I16": elements.Whole16, "U16": elements.Whole16,
	"I32": elements.Whole32, "U32": elements.Whole32, "I64": elements.Whole64,
	"U64": elements.Whole64,
}

// DecodeAny reads a safetensors file of exactly size bytes as other programs write them, which
// tailor does not: tensors of 16-bit and 64-bit floats are converted, and of others it says in a
// line each why they are not read. Compact tensors it takes as they are in the file. Otherwise it
// is [Decode].
func DecodeAny(r io.Reader, size int64) (tensors []Tensor, skipped []string, err error) {
	header, err := readHeader(r, size)
	if err != nil {
		return nil, nil, err
	}
	widths := map[string]int{}
	for name, t := range anyTypes {
		widths[name] = t.Bytes()
	}
	entries, _, err := parseHeader(header, widths)
	if err != nil {
		return nil, nil, err
	}
	names := slices.Clone(entries) // in the order of the header
	dataBytes, err := checkLayout(entries)
	if err != nil {
		return nil, nil, err
	}
	if err := checkSize(size, 8+int64(len(header))+dataBytes); err != nil {
		return nil, nil, err
	}
	raw := make([]byte, dataBytes)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, nil, fmt.Errorf("tensor data: %w", err)
	}
	for _, e := range names {
		if t := anyTypes[e.dtype]; t.Float() {
			tensors = append(tensors, e.tensor(t, raw))
		} else {
			skipped = append(skipped, fmt.Sprintf("%.80q is %s", e.name, e.dtype))
		}
	}
	return tensors, skipped, nil
}

// tensor converts the elements of an entry.
func (e entry) tensor(t elements.Type, raw []byte) Tensor {
	raw = raw[e.begin:e.end]
	data := make([]float32, len(raw)/e.width)
	for i := range data {
		data[i] = t.At(raw, i)
	}
	return Tensor{Name: e.name, Shape: e.shape, Data: data}
}
