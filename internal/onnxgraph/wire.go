package onnxgraph

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// field is one of a message: a number or bytes, by its type.
type field struct {
	number protowire.Number
	kind   protowire.Type
	value  uint64 // of numbers
	bytes  []byte // of everything else
}

// fields calls f for each field of a message.
func fields(data []byte, f func(field) error) error {
	for len(data) > 0 {
		number, kind, size := protowire.ConsumeTag(data)
		if size < 0 {
			return errCut
		}
		v := field{number: number, kind: kind}
		data = data[size:]
		switch kind {
		case protowire.VarintType:
			v.value, size = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var n uint32
			n, size = protowire.ConsumeFixed32(data)
			v.value = uint64(n)
		case protowire.Fixed64Type:
			v.value, size = protowire.ConsumeFixed64(data)
		case protowire.BytesType:
			v.bytes, size = protowire.ConsumeBytes(data)
		default:
			size = protowire.ConsumeFieldValue(number, kind, data)
		}
		if size < 0 {
			return errCut
		}
		if err := f(v); err != nil {
			return err
		}
		data = data[size:]
	}
	return nil
}

var errCut = refusef("its bytes are not those of a message")

// numbers gives the whole numbers of a repeated field, packed or one at a time.
func (v field) numbers(limit int) (all []int64, err error) {
	if v.kind == protowire.VarintType {
		return []int64{int64(v.value)}, nil
	}
	for data := v.bytes; len(data) > 0; {
		n, size := protowire.ConsumeVarint(data)
		if size < 0 {
			return nil, errCut
		}
		if len(all) >= limit {
			return nil, refusef("a list has more than %d numbers", limit)
		}
		all, data = append(all, int64(n)), data[size:]
	}
	return all, nil
}

// floats gives the elements of a repeated field of numbers of so many bytes, packed or not.
func (v field) floats(size int, each func(bits uint64)) error {
	if v.kind != protowire.BytesType {
		each(v.value)
		return nil
	}
	if len(v.bytes)%size != 0 {
		return errCut
	}
	for data := v.bytes; len(data) > 0; data = data[size:] {
		each(littleEndian(data[:size]))
	}
	return nil
}

// littleEndian reads a number of up to 8 bytes.
func littleEndian(data []byte) (v uint64) {
	for i, b := range data {
		v |= uint64(b) << (8 * i)
	}
	return v
}
