package onnxgraph

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/tailor-nas/tailor/internal/onnx/pb"
)

func vec(dims []int, data ...float64) *Tensor { return &Tensor{dims, data} }

func ints(values ...int) Attribute { return Attribute{Ints: values} }

// TestOperators compares operators with what was computed by hand from ONNX's specification.
func TestOperators(t *testing.T) {
	square := vec([]int{1, 1, 2, 2}, 1, 2, 3, 4)
	ones := vec([]int{1, 1, 3, 3}, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	for _, c := range []struct {
		what       string
		op         string
		attributes map[string]Attribute
		args       []*Tensor
		want       *Tensor
	}{
		{"valid", "Conv", nil, []*Tensor{square, vec([]int{1, 1, 2, 2}, 1, 0, 0, 1),
			vec([]int{1}, 10)},
			vec([]int{1, 1, 1, 1}, 15)},
		{"same, stride 2", "Conv", map[string]Attribute{"auto_pad": {S: "SAME_UPPER"},
			"strides": ints(2, 2)}, []*Tensor{square, ones}, vec([]int{1, 1, 1, 1}, 10)},
		{"padded", "Conv", map[string]Attribute{"pads": ints(1, 1, 1, 1), "strides": ints(2, 2)},
			[]*Tensor{square, ones}, vec([]int{1, 1, 1, 1}, 10)},
		{"zeros", "Pad", map[string]Attribute{"pads": ints(0, 0, 0, 1, 0, 0, 1, 0)},
			[]*Tensor{square}, vec([]int{1, 1, 3, 3}, 0, 1, 2, 0, 3, 4, 0, 0, 0)},
		{"attributes", "Clip", map[string]Attribute{"min": {F: 2}, "max": {F: 3}},
			[]*Tensor{square}, vec([]int{1, 1, 2, 2}, 2, 2, 3, 3)},
		{"gate", "Mul", nil, []*Tensor{vec([]int{1, 2, 1, 1}, 2, 3), vec([]int{1, 2, 1, 2}, 1, 2, 3,
			4)},
			vec([]int{1, 2, 1, 2}, 2, 4, 9, 12)},
		{"mean", "ReduceMean", map[string]Attribute{"axes": ints(-1, 2), "keepdims": {I: 0}},
			[]*Tensor{square}, vec([]int{1, 1}, 2.5)},
		{"transposed weights", "Gemm", map[string]Attribute{"transB": {I: 1}},
			[]*Tensor{vec([]int{1, 2}, 1, 2), vec([]int{2, 2}, 1, 2, 3, 4), vec([]int{2}, 0, 1)},
			vec([]int{1, 2}, 5, 12)},
		{"the rest", "Reshape", nil, []*Tensor{square, vec([]int{2}, 0, -1)},
			vec([]int{1, 4}, 1, 2, 3, 4)},
		{"channels last", "Transpose", map[string]Attribute{"perm": ints(0, 2, 3, 1)},
			[]*Tensor{vec([]int{1, 2, 1, 2}, 1, 2, 3, 4)}, vec([]int{1, 1, 2, 2}, 1, 3, 2, 4)},
		{"of a shape", "Slice", map[string]Attribute{"starts": ints(-2), "ends": ints(1 << 40)},
			[]*Tensor{vec([]int{3}, 7, 8, 9)}, vec([]int{2}, 8, 9)},
		{"of a shape", "Gather", nil, []*Tensor{vec([]int{3}, 7, 8, 9), vec(nil, -1)},
			vec(nil, 9)},
		{"an axis", "Unsqueeze", map[string]Attribute{"axes": ints(0, 2)},
			[]*Tensor{vec([]int{2}, 1, 2)}, vec([]int{1, 2, 1}, 1, 2)},
	} {
		n := &Node{Op: c.op, Attributes: c.attributes}
		got, err := operators[c.op].compute(&machine{ctx: t.Context()}, n, c.args)
		if err != nil || !slices.Equal(got.Dims, c.want.Dims) ||
			!slices.Equal(got.Data, c.want.Data) {
			t.Errorf("%s (%s): %v, %v, expected %v", c.op, c.what, got, err, c.want)
		}
	}
}

// TestWindowsAreRefused: what a convolution says of its kernel must fit its weight, and be of the
// specification.
func TestWindowsAreRefused(t *testing.T) {
	square := vec([]int{1, 1, 2, 2}, 1, 2, 3, 4)
	for _, c := range []struct {
		name  string
		value Attribute
		want  []string
	}{
		{"kernel_shape", ints(3, 3), []string{"[3 3]", "[1 1]"}},
		{"kernel_shape", ints(1, 2), []string{"[1 2]", "[1 1]"}},
		{"kernel_shape", ints(1), []string{"[1]", "[1 1]"}},
		{"auto_pad", Attribute{S: "FOO"}, []string{`"FOO"`, "SAME_UPPER"}},
		{"auto_pad", Attribute{S: "same_upper"}, []string{`"same_upper"`, "SAME_UPPER"}},
	} {
		n := &Node{Op: "Conv", Attributes: map[string]Attribute{c.name: c.value,
			"pads": ints(1, 1, 1, 1)}}
		_, err := conv(&machine{ctx: t.Context()}, n, []*Tensor{square,
			vec([]int{1, 1, 1, 1}, 1)})
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %v: %v, expected an error that names %s", c.name, c.value, err, want)
			}
		}
	}
	set := &Node{Attributes: map[string]Attribute{"kernel_shape": ints(2, 2),
		"auto_pad": {S: "NOTSET"}}}
	if w, err := set.Window([]int{2, 2}, []int{2, 2}); err != nil || w.Out != [2]int{1, 1} {
		t.Errorf("%v, %v", w, err)
	}
}

// file is a model of one node, Relu, with a constant.
func file(t interface{ Fatal(...any) }, constant *pb.TensorProto) []byte {
	dim := func(n int64) *pb.TensorShapeProto_Dimension {
		return &pb.TensorShapeProto_Dimension{
			Value: &pb.TensorShapeProto_Dimension_DimValue{DimValue: n}}
	}
	tensor := &pb.TypeProto_Tensor{ElemType: pb.TensorProto_FLOAT,
		Shape: &pb.TensorShapeProto{Dim: []*pb.TensorShapeProto_Dimension{dim(1), dim(3)}}}
	info := func(name string) []*pb.ValueInfoProto {
		return []*pb.ValueInfoProto{{Name: name, Type: &pb.TypeProto{
			Value: &pb.TypeProto_TensorType{TensorType: tensor}}}}
	}
	data, err := proto.Marshal(&pb.ModelProto{IrVersion: 8,
		OpsetImport: []*pb.OperatorSetIdProto{{Version: 17}},
		Graph: &pb.GraphProto{Input: info("x"), Output: info("y"),
			Initializer: []*pb.TensorProto{constant},
			Node: []*pb.NodeProto{{OpType: "Add", Input: []string{"x", "c"},
				Output: []string{"y"}}},
		}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func threes() *pb.TensorProto {
	return &pb.TensorProto{Name: "c", Dims: []int64{3}, DataType: pb.TensorProto_UINT8,
		RawData: []byte{1, 2, 3}}
}

func TestRead(t *testing.T) {
	g, err := Read(file(t, threes()))
	if err != nil {
		t.Fatal(err)
	}
	y, shapes, err := g.Run(t.Context(), vec([]int{1, 3}, 10, 20, 30), nil)
	if err != nil || !slices.Equal(y.Data, []float64{11, 22, 33}) ||
		!slices.Equal(shapes["y"], []int{1, 3}) || !slices.Equal(g.Inputs[0].Dims, []int{1, 3}) {
		t.Errorf("%v, %v, %v", y, shapes, err)
	}
	large := threes()
	large.Dims = []int64{1 << 40}
	short := threes()
	short.Dims = []int64{4}
	for _, c := range []*pb.TensorProto{large, short} {
		if _, err := Read(file(t, c)); !errors.Is(err, ErrFile) {
			t.Errorf("a constant of shape %v with 3 bytes: %v", c.Dims, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := g.Run(ctx, vec([]int{1, 3}, 1, 2, 3), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was stopped: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file(f, threes()))
	f.Add([]byte{0x3a, 0x02, 0x2a, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := Read(data)
		if err != nil {
			return
		}
		x := vec([]int{1, 3}, 1, 2, 3)
		_, _, _ = g.Run(t.Context(), x, nil)
	})
}
