package evaluate

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tailor-nas/tailor/internal/onnx/pb"
)

// Numbers of the fields that hold most of a file.
const (
	graphField       = 7 // of a model
	initializerField = 5 // of a graph
	rawField         = 9 // of a tensor
)

// checkStructure bounds what decoding a file takes: but for the constants' values, a byte or two of
// it may become a hundred in memory.
func checkStructure(data []byte) error {
	rest, ok := besides(data, graphField, initializerField, rawField)
	if !ok {
		return refusef("it is no ONNX file")
	}
	if rest > maxStructure {
		return refusef("it has %d bytes besides constants, expected at most %d", rest, maxStructure)
	}
	return nil
}

// besides counts the bytes of a message that are not in the field at the end of a path of fields.
func besides(data []byte, path ...protowire.Number) (n int, ok bool) {
	for len(data) > 0 {
		field, kind, size := protowire.ConsumeTag(data)
		if size < 0 {
			return 0, false
		}
		all := size + protowire.ConsumeFieldValue(field, kind, data[size:])
		if all < size {
			return 0, false
		}
		if n += all; kind == protowire.BytesType && field == path[0] {
			inner, _ := protowire.ConsumeBytes(data[size:])
			n -= len(inner)
			if len(path) > 1 {
				more, ok := besides(inner, path[1:]...)
				if !ok {
					return 0, false
				}
				n += more
			}
		}
		data = data[all:]
	}
	return n, true
}

// attributes are those of a node that were not asked for yet.
type attributes map[string]*pb.AttributeProto

func attributesOf(n *pb.NodeProto) attributes {
	all := attributes{}
	for _, a := range n.Attribute {
		all[a.Name] = a
	}
	return all
}

// take gives an attribute of a type, nil if there is none.
func (a attributes) take(name string, of pb.AttributeProto_AttributeType) *pb.AttributeProto {
	if got := a[name]; got != nil && got.Type == of {
		delete(a, name)
		return got
	}
	return nil
}

// number gives a number, or what it is if nothing is said.
func (a attributes) number(name string, otherwise float64) float64 {
	if got := a.take(name, pb.AttributeProto_INT); got != nil {
		return float64(got.I)
	}
	if got := a.take(name, pb.AttributeProto_FLOAT); got != nil {
		return float64(got.F)
	}
	return otherwise
}

// ints gives a list of numbers, or what it is if nothing is said.
func (a attributes) ints(name string, otherwise ...int) (all []int) {
	got := a.take(name, pb.AttributeProto_INTS)
	if got == nil {
		return otherwise
	}
	for _, v := range got.Ints {
		all = append(all, int(v))
	}
	return all
}

// window reads that of a kernel, whose sides the weights have too, if there are any.
func (a attributes) window(shape, kernel []int) (window, error) {
	sides := a.ints("kernel_shape", kernel...)
	strides, pads := a.ints("strides", 1, 1), a.ints("pads", 0, 0, 0, 0)
	dilations := a.ints("dilations", 1, 1)
	if len(sides) != 2 || kernel != nil && !slices.Equal(sides, kernel) || len(strides) != 2 ||
		strides[0] != strides[1] || len(pads) != 4 || !slices.Equal(dilations, []int{1, 1}) {
		return window{}, refusef("kernel %v, strides %v, pads %v, dilations %v", sides, strides,
			pads, dilations)
	}
	w := window{height: sides[0], width: sides[1], stride: strides[0], top: pads[0], left: pads[1]}
	return w, w.sides(shape, pads[2], pads[3])
}

// done refuses a node with attributes that nobody asked for: they could mean anything.
func (a attributes) done() error {
	if len(a) > 0 {
		return refusef("it has the attribute %.40q", slices.Min(slices.Collect(maps.Keys(a))))
	}
	return nil
}
