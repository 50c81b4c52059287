package onnxgraph

import (
	"math"
)

// Types of elements, as ONNX numbers them.
const (
	typeFloat    = 1
	typeUint8    = 2
	typeInt8     = 3
	typeInt32    = 6
	typeInt64    = 7
	typeBool     = 9
	typeFloat16  = 10
	typeDouble   = 11
	typeBFloat16 = 16
)

// element is how a type of elements lies in bytes.
type element struct {
	size  int
	value func(bits uint64) float64
}

var elementTypes = map[int]element{
	typeFloat:    {4, func(b uint64) float64 { return float64(math.Float32frombits(uint32(b))) }},
	typeDouble:   {8, math.Float64frombits},
	typeUint8:    {1, func(b uint64) float64 { return float64(uint8(b)) }},
	typeBool:     {1, func(b uint64) float64 { return float64(uint8(b)) }},
	typeInt8:     {1, func(b uint64) float64 { return float64(int8(b)) }},
	typeInt32:    {4, func(b uint64) float64 { return float64(int32(b)) }},
	typeInt64:    {8, func(b uint64) float64 { return float64(int64(b)) }},
	typeFloat16:  {2, func(b uint64) float64 { return halfValue(uint16(b)) }},
	typeBFloat16: {2, brainValue},
}

// brainValue is a number of bfloat16: the upper half of a float32.
func brainValue(b uint64) float64 { return float64(math.Float32frombits(uint32(b) << 16)) }

// halfValue is a number of IEEE 754's binary16.
func halfValue(b uint16) float64 {
	sign, exponent, fraction := 1-2*float64(b>>15), int(b>>10&31), float64(b&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// tensor reads a TensorProto, which may have no name.
func (r *reader) tensor(data []byte) (name string, t *Tensor, err error) {
	t = &Tensor{}
	var raw []byte
	hasRaw, kind := false, 0
	var lists []field // of elements, once their type is known
	err = fields(data, func(v field) error {
		switch v.number {
		case 1:
			dims, err := v.numbers(maxDims)
			for _, d := range dims {
				t.Dims = append(t.Dims, int(max(-1, min(d, maxElements+1))))
			}
			if len(t.Dims) > maxDims {
				return refusef("a constant has more than %d dimensions", maxDims)
			}
			return err
		case 2:
			kind = int(v.value)
		case 8:
			name, err = r.text(v)
			return err
		case 9:
			raw, hasRaw = v.bytes, true
		case 4, 5, 7, 10:
			if lists = append(lists, v); len(lists) > maxNames {
				return refusef("the values of a constant are in more than %d pieces", maxNames)
			}
		case 13, 14:
			if v.number == 13 || v.value == 1 {
				return refusef("the values of a constant are in another file: save the model " +
					"in one file (onnx.save)")
			}
		}
		return nil
	})
	if err != nil {
		return name, nil, err
	}
	of, ok := elementTypes[kind]
	n, fits := elements(t.Dims)
	if !ok || !fits {
		return name, nil, refusef("constant %s has the shape %v and elements of type %d", clipped(name),
			t.Dims, kind)
	}
	if hasRaw {
		if len(raw) != n*of.size {
			return name, nil, refusef("constant %s of shape %v has %d bytes, expected %d",
				clipped(name), t.Dims, len(raw), n*of.size)
		}
		lists = []field{{kind: 2, bytes: raw}}
	} else {
		of = listed(kind, of)
	}
	return name, t, t.fill(lists, of, n, hasRaw)
}

// listed is how elements lie that are not raw: small ones as whole numbers.
func listed(kind int, of element) element {
	if kind == typeFloat || kind == typeDouble {
		return of
	}
	return element{0, of.value}
}

// fill reads n elements out of lists. Those without a size are written as varints.
func (t *Tensor) fill(lists []field, of element, n int, raw bool) error {
	size := 0
	for _, l := range lists {
		size += max(1, len(l.bytes))
	}
	if n > size { // before memory is taken: no element takes less than a byte
		return refusef("a constant of shape %v has %d bytes", t.Dims, size)
	}
	t.Data = make([]float64, 0, n)
	for _, l := range lists {
		if of.size > 0 {
			if err := l.floats(of.size, func(b uint64) {
				t.Data = append(t.Data, of.value(b))
			}); err != nil {
				return err
			}
			continue
		}
		numbers, err := l.numbers(n)
		if err != nil {
			return err
		}
		for _, v := range numbers {
			t.Data = append(t.Data, of.value(uint64(v)))
		}
	}
	if len(t.Data) != n {
		return refusef("a constant of shape %v has %d values", t.Dims, len(t.Data))
	}
	return nil
}
