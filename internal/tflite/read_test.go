package tflite

import (
	"encoding/binary"
	"math"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

// file is a TFLite file as the generated tables read it.
type file struct {
	tensors   []readTensor
	operators []readOperator
	in, out   int
	metadata  map[string]string
	order     []string // of the metadata
	data      []byte
	buffers   int
}

type readTensor struct {
	name   string
	shape  []int
	kind   schema.TensorType
	buffer int
	data   []byte
}

type readOperator struct {
	code    schema.BuiltinOperator
	in, out []int
	options flatbuffers.Table
	kind    schema.BuiltinOptions
}

// read takes a file apart.
func read(t testing.TB, data []byte) *file {
	t.Helper()
	if !flatbuffers.BufferHasIdentifier(data, "TFL3") {
		t.Fatalf("the file begins with % x", data[:8])
	}
	m := schema.GetRootAsModel(data, 0)
	if m.Version() != 3 || m.SubgraphsLength() != 1 {
		t.Fatalf("version %d with %d graphs", m.Version(), m.SubgraphsLength())
	}
	f := &file{data: data, buffers: m.BuffersLength(), metadata: map[string]string{}}
	var g schema.SubGraph
	m.Subgraphs(&g, 0)
	if g.InputsLength() != 1 || g.OutputsLength() != 1 {
		t.Fatalf("%d inputs and %d outputs", g.InputsLength(), g.OutputsLength())
	}
	f.in, f.out = int(g.Inputs(0)), int(g.Outputs(0))
	for i := range g.TensorsLength() {
		f.tensors = append(f.tensors, readOneTensor(m, &g, i))
	}
	for i := range g.OperatorsLength() {
		f.operators = append(f.operators, readOneOperator(t, m, &g, i))
	}
	for i := range m.MetadataLength() {
		var e schema.Metadata
		m.Metadata(&e, i)
		f.order = append(f.order, string(e.Name()))
		f.metadata[string(e.Name())] = string(bufferOf(m, int(e.Buffer())))
	}
	return f
}

func bufferOf(m *schema.Model, i int) []byte {
	var b schema.Buffer
	m.Buffers(&b, i)
	return b.DataBytes()
}

func readOneTensor(m *schema.Model, g *schema.SubGraph, i int) readTensor {
	var t schema.Tensor
	g.Tensors(&t, i)
	r := readTensor{name: string(t.Name()), kind: t.Type(), buffer: int(t.Buffer())}
	for j := range t.ShapeLength() {
		r.shape = append(r.shape, int(t.Shape(j)))
	}
	r.data = bufferOf(m, r.buffer)
	return r
}

func readOneOperator(t testing.TB, m *schema.Model, g *schema.SubGraph, i int) readOperator {
	t.Helper()
	var op schema.Operator
	g.Operators(&op, i)
	var code schema.OperatorCode
	m.OperatorCodes(&code, int(op.OpcodeIndex()))
	if int(code.DeprecatedBuiltinCode()) != min(int(code.BuiltinCode()), 127) ||
		code.Version() != 1 {
		t.Errorf("operator %d has the codes %d and %d, version %d", i, code.DeprecatedBuiltinCode(),
			code.BuiltinCode(), code.Version())
	}
	r := readOperator{code: code.BuiltinCode(), kind: op.BuiltinOptionsType()}
	for j := range op.InputsLength() {
		r.in = append(r.in, int(op.Inputs(j)))
	}
	for j := range op.OutputsLength() {
		r.out = append(r.out, int(op.Outputs(j)))
	}
	if !op.BuiltinOptions(&r.options) && r.code != schema.BuiltinOperatorLOGISTIC {
		t.Errorf("operator %d, %v, has no options", i, r.code)
	}
	return r
}

// constants are the numbers of a tensor's buffer; nil where it has none.
func (r readTensor) constants() []float64 {
	if len(r.data) == 0 {
		return nil
	}
	all := make([]float64, 0, len(r.data)/4)
	for b := r.data; len(b) >= 4; b = b[4:] {
		word := binary.LittleEndian.Uint32(b)
		if r.kind == schema.TensorTypeINT32 {
			all = append(all, float64(int32(word)))
		} else {
			all = append(all, float64(math.Float32frombits(word)))
		}
	}
	return all
}

func (r readTensor) len() int {
	n := 1
	for _, d := range r.shape {
		n *= d
	}
	return n
}
