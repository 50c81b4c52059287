package tflite

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

// ref is a tensor of a graph, by its place among them.
type ref int

// tensor is a constant, or what an operator or the caller fills in.
type tensor struct {
	name  string
	shape []int
	kind  schema.TensorType
	data  []byte // little-endian, of constants alone
}

// operator is one step of a graph.
type operator struct {
	code    schema.BuiltinOperator
	in, out []ref
	options options
}

// graph is a network as TFLite has it: tensors, and operators in order of execution.
type graph struct {
	tensors       []tensor
	operators     []operator
	input, output ref
	scalars       map[float32]ref
}

// value adds a tensor that is computed, or given by the caller.
func (g *graph) value(name string, kind schema.TensorType, shape ...int) ref {
	g.tensors = append(g.tensors, tensor{name: name, kind: kind, shape: shape})
	return ref(len(g.tensors) - 1)
}

// floats adds a constant of float32.
func (g *graph) floats(name string, values []float32, shape ...int) ref {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	at := g.value(name, schema.TensorTypeFLOAT32, shape...)
	g.tensors[at].data = data
	return at
}

// ints adds a constant of int32.
func (g *graph) ints(name string, values []int, shape ...int) ref {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(int32(v)))
	}
	at := g.value(name, schema.TensorTypeINT32, shape...)
	g.tensors[at].data = data
	return at
}

// scalar is a constant of one number, which all operators share that take it.
func (g *graph) scalar(v float32) ref {
	if at, known := g.scalars[v]; known {
		return at
	}
	if g.scalars == nil {
		g.scalars = map[float32]ref{}
	}
	g.scalars[v] = g.floats(fmt.Sprintf("constant.%g", v), []float32{v}, 1)
	return g.scalars[v]
}

// shape is the shape of a tensor.
func (g *graph) shape(at ref) []int { return g.tensors[at].shape }

// add appends an operator whose output is a new tensor of float32, and gives that.
func (g *graph) add(name string, o options, shape []int, in ...ref) ref {
	out := g.value(name, schema.TensorTypeFLOAT32, shape...)
	g.operators = append(g.operators, operator{code: o.code(), in: in, out: []ref{out}, options: o})
	return out
}
