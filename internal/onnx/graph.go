package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/onnx/pb"
)

// value is something that flows in the graph: its name and its shape with the batch, (N,C,H,W) for
// maps and (N,C) for vectors.
type value struct {
	name string
	dims []int64
}

// isMap says whether the value has height and width.
func (v value) isMap() bool { return len(v.dims) == 4 }

// graph collects nodes and constants.
type graph struct {
	opset int
	batch int64
	proto *pb.GraphProto
	taken map[string]bool // names of values, constants among them
}

func newGraph(opset, batch int, name string) *graph {
	return &graph{opset: opset, batch: int64(batch), proto: &pb.GraphProto{Name: name},
		taken: map[string]bool{}}
}

// unique gives the name, or the next free one like it.
func (g *graph) unique(name string) string {
	free := name
	for i := 2; g.taken[free]; i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	g.taken[free] = true
	return free
}

// input adds the graph's input.
func (g *graph) input(name string, of pb.TensorProto_DataType, dims ...int64) value {
	v := value{g.unique(name), dims}
	g.proto.Input = append(g.proto.Input, info(v, of))
	return v
}

// node adds an operator with one output of 32-bit numbers, which is called like the node.
func (g *graph) node(
	op, name string, dims []int64, inputs []string, attrs ...*pb.AttributeProto,
) value {
	out := value{g.unique(name), dims}
	g.proto.Node = append(g.proto.Node, &pb.NodeProto{
		OpType: op, Name: out.name, Input: inputs, Output: []string{out.name}, Attribute: attrs,
	})
	g.proto.ValueInfo = append(g.proto.ValueInfo, info(out, pb.TensorProto_FLOAT))
	return out
}

// output makes the value that was made last the graph's output.
func (g *graph) output(v value, name string) {
	last := g.proto.Node[len(g.proto.Node)-1]
	last.Output = []string{name}
	g.proto.ValueInfo = g.proto.ValueInfo[:len(g.proto.ValueInfo)-1]
	g.proto.Output = append(g.proto.Output, info(value{name, v.dims}, pb.TensorProto_FLOAT))
}

// constant adds an initializer and gives its name.
func (g *graph) constant(name string, data []float32, dims ...int64) string {
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	t := &pb.TensorProto{
		Name: g.unique(name), Dims: dims, DataType: pb.TensorProto_FLOAT, RawData: raw,
	}
	g.proto.Initializer = append(g.proto.Initializer, t)
	return t.Name
}

// info describes a value.
func info(v value, of pb.TensorProto_DataType) *pb.ValueInfoProto {
	shape := &pb.TensorShapeProto{}
	for _, d := range v.dims {
		shape.Dim = append(shape.Dim, &pb.TensorShapeProto_Dimension{
			Value: &pb.TensorShapeProto_Dimension_DimValue{DimValue: d},
		})
	}
	tensor := &pb.TypeProto_Tensor{ElemType: of, Shape: shape}
	return &pb.ValueInfoProto{
		Name: v.name,
		Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{TensorType: tensor}},
	}
}

func integer(name string, v int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_INT, I: v}
}

func integers(name string, v ...int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_INTS, Ints: v}
}

func number(name string, v float32) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_FLOAT, F: v}
}
