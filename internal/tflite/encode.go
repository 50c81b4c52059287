package tflite

import (
	"fmt"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

const (
	fileID        = "TFL3"
	schemaVersion = 3
	// dataAlignment is what the schema asks for of the start of constants, in bytes.
	dataAlignment = 16
	// maxFile is how large a flatbuffer may be: its offsets are 32 bits with a sign.
	maxFile = 1<<31 - 1
)

// entry is a text that goes with the network, by name.
type entry struct{ name, text string }

// place is where a part of the file is.
type place = flatbuffers.UOffsetT

// encoder writes a graph. A flatbuffer is written from its end, so that what is pointed to comes
// before what points to it.
type encoder struct {
	*flatbuffers.Builder
	buffers []place
}

// encode is the file of a graph.
func (g *graph) encode(name, description string, metadata []entry) ([]byte, error) {
	size := g.size(metadata) + int64(len(name)+len(description))
	if size > maxFile {
		return nil, fmt.Errorf("the network takes %d bytes, a TFLite file at most %d: "+
			"take a smaller one", size, maxFile)
	}
	e := encoder{Builder: flatbuffers.NewBuilder(int(size))}
	e.buffer(nil) // the one of tensors without data
	tensors := e.each(len(g.tensors), func(i int) place { return e.tensor(g.tensors[i]) })
	metadataAt := e.each(len(metadata), func(i int) place { return e.entry(metadata[i]) })
	codes, indexOf := g.codes()
	codesAt := e.each(len(codes), func(i int) place { return e.code(codes[i]) })
	operators := e.each(len(g.operators), func(i int) place {
		return e.operator(g.operators[i], indexOf[g.operators[i].code])
	})
	subgraph := e.CreateVectorOfTables([]place{e.subgraph(g, name, tensors, operators)})
	buffers := e.CreateVectorOfTables(e.buffers)
	text := e.CreateString(description)

	schema.ModelStart(e.Builder)
	schema.ModelAddVersion(e.Builder, schemaVersion)
	schema.ModelAddOperatorCodes(e.Builder, codesAt)
	schema.ModelAddSubgraphs(e.Builder, subgraph)
	schema.ModelAddDescription(e.Builder, text)
	schema.ModelAddBuffers(e.Builder, buffers)
	schema.ModelAddMetadata(e.Builder, metadataAt)
	e.FinishWithFileIdentifier(schema.ModelEnd(e.Builder), []byte(fileID))
	return e.FinishedBytes(), nil
}

// size is more than the file will take, by little.
func (g *graph) size(metadata []entry) int64 {
	n := int64(4096)
	for _, t := range g.tensors {
		n += int64(len(t.data)+len(t.name)) + 256
	}
	for _, m := range metadata {
		n += int64(len(m.name)+len(m.text)) + 256
	}
	return n + 256*int64(len(g.operators))
}

// codes lists the operators that the graph has, in the order of their first use, and the place of
// each in that list.
func (g *graph) codes() (codes []schema.BuiltinOperator, indexOf map[schema.BuiltinOperator]int) {
	indexOf = map[schema.BuiltinOperator]int{}
	for _, op := range g.operators {
		if _, known := indexOf[op.code]; !known {
			indexOf[op.code] = len(codes)
			codes = append(codes, op.code)
		}
	}
	return codes, indexOf
}

// each writes n tables and a vector of them.
func (e *encoder) each(n int, write func(i int) place) place {
	all := make([]place, n)
	for i := range all {
		all[i] = write(i)
	}
	return e.CreateVectorOfTables(all)
}

// buffer writes data, if there is any, and gives the index by which it is known.
func (e *encoder) buffer(data []byte) (index uint32) {
	var at place
	if len(data) > 0 {
		e.Prep(dataAlignment, len(data)) // CreateByteVector alone would align to 4
		at = e.CreateByteVector(data)
	}
	schema.BufferStart(e.Builder)
	if len(data) > 0 {
		schema.BufferAddData(e.Builder, at)
	}
	e.buffers = append(e.buffers, schema.BufferEnd(e.Builder))
	return uint32(len(e.buffers) - 1)
}

func (e *encoder) tensor(t tensor) place {
	var index uint32
	if t.data != nil {
		index = e.buffer(t.data)
	}
	shape, name := e.ints(t.shape), e.CreateString(t.name)
	schema.TensorStart(e.Builder)
	schema.TensorAddShape(e.Builder, shape)
	schema.TensorAddType(e.Builder, t.kind)
	schema.TensorAddBuffer(e.Builder, index)
	schema.TensorAddName(e.Builder, name)
	return schema.TensorEnd(e.Builder)
}

func (e *encoder) entry(m entry) place {
	index, name := e.buffer([]byte(m.text)), e.CreateString(m.name)
	schema.MetadataStart(e.Builder)
	schema.MetadataAddName(e.Builder, name)
	schema.MetadataAddBuffer(e.Builder, index)
	return schema.MetadataEnd(e.Builder)
}

// code writes which operator it is, twice: older readers know only the first field, of a byte.
func (e *encoder) code(op schema.BuiltinOperator) place {
	schema.OperatorCodeStart(e.Builder)
	schema.OperatorCodeAddDeprecatedBuiltinCode(e.Builder, int8(min(op, 127)))
	schema.OperatorCodeAddVersion(e.Builder, 1)
	schema.OperatorCodeAddBuiltinCode(e.Builder, op)
	return schema.OperatorCodeEnd(e.Builder)
}

func (e *encoder) operator(op operator, code int) place {
	in, out := e.refs(op.in), e.refs(op.out)
	table, options := op.options.write(e.Builder)
	schema.OperatorStart(e.Builder)
	schema.OperatorAddOpcodeIndex(e.Builder, uint32(code))
	schema.OperatorAddInputs(e.Builder, in)
	schema.OperatorAddOutputs(e.Builder, out)
	schema.OperatorAddBuiltinOptionsType(e.Builder, table)
	schema.OperatorAddBuiltinOptions(e.Builder, options)
	return schema.OperatorEnd(e.Builder)
}

func (e *encoder) subgraph(g *graph, name string, tensors, operators place) place {
	in, out, text := e.refs([]ref{g.input}), e.refs([]ref{g.output}), e.CreateString(name)
	schema.SubGraphStart(e.Builder)
	schema.SubGraphAddTensors(e.Builder, tensors)
	schema.SubGraphAddInputs(e.Builder, in)
	schema.SubGraphAddOutputs(e.Builder, out)
	schema.SubGraphAddOperators(e.Builder, operators)
	schema.SubGraphAddName(e.Builder, text)
	return schema.SubGraphEnd(e.Builder)
}

func (e *encoder) refs(refs []ref) place {
	values := make([]int, len(refs))
	for i, r := range refs {
		values[i] = int(r)
	}
	return e.ints(values)
}

func (e *encoder) ints(values []int) place {
	e.StartVector(4, len(values), 4)
	for i := len(values) - 1; i >= 0; i-- {
		e.PrependInt32(int32(values[i]))
	}
	return e.EndVector(len(values))
}
