package evaluate

import (
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

// tfliteReader turns the operators of a TFLite graph into steps.
type tfliteReader struct {
	*Model
	file    *schema.Model
	tensors []tfliteTensor
}

// tfliteTensor is a constant, or what is computed.
type tfliteTensor struct {
	shape  []int // as the file has it
	kind   schema.TensorType
	data   []byte // of constants
	place  int    // of what is computed, once it is
	filled bool
}

// ReadTFLite reads a TFLite file back. Its errors wrap [ErrFile].
func ReadTFLite(data []byte) (*Model, error) { return readBack(data, readTFLite) }

func readTFLite(data []byte) (*Model, error) {
	if len(data) < 8 || !flatbuffers.BufferHasIdentifier(data, "TFL3") {
		return nil, refusef("it is no TFLite file")
	}
	r := tfliteReader{Model: newModel(), file: schema.GetRootAsModel(data, 0)}
	var g schema.SubGraph
	if r.file.Version() != 3 || r.file.SubgraphsLength() != 1 || !r.file.Subgraphs(&g, 0) {
		return nil, refusef("version %d with %d graphs", r.file.Version(), r.file.SubgraphsLength())
	}
	for i := range r.file.MetadataLength() {
		var e schema.Metadata
		r.file.Metadata(&e, i)
		text, err := r.buffer(int(e.Buffer()))
		if err != nil {
			return nil, err
		}
		if err := r.note(string(e.Name()), string(text)); err != nil {
			return nil, err
		}
	}
	return r.graph(&g)
}

// buffer gives the bytes of a buffer.
func (r *tfliteReader) buffer(i int) ([]byte, error) {
	var b schema.Buffer
	if i < 0 || i >= r.file.BuffersLength() || !r.file.Buffers(&b, i) {
		return nil, refusef("it has no buffer %d", i)
	}
	return b.DataBytes(), nil
}

func (r *tfliteReader) graph(g *schema.SubGraph) (*Model, error) {
	if g.InputsLength() != 1 || g.OutputsLength() != 1 || g.TensorsLength() > maxTensors ||
		g.OperatorsLength() > maxSteps {
		return nil, refusef("it has %d inputs, %d outputs, %d tensors and %d operators",
			g.InputsLength(), g.OutputsLength(), g.TensorsLength(), g.OperatorsLength())
	}
	for i := range g.TensorsLength() {
		var t schema.Tensor
		g.Tensors(&t, i)
		if err := r.tensor(&t); err != nil {
			return nil, refusef("tensor %d: %w", i, err)
		}
	}
	in, err := r.at(int(g.Inputs(0)))
	if err != nil {
		return nil, err
	}
	if in.kind != schema.TensorTypeFLOAT32 || len(in.data) > 0 || len(in.shape) != 4 ||
		in.shape[0] != 1 {
		return nil, refusef("its input is not of float32 with the shape (1,height,width,channels)")
	}
	if err := r.input(in.shape[1:]); err != nil {
		return nil, err
	}
	in.filled = true
	for i := range g.OperatorsLength() {
		var op schema.Operator
		g.Operators(&op, i)
		if err := r.operator(&op); err != nil {
			return nil, refusef("operator %d: %w", i, err)
		}
	}
	out, err := r.at(int(g.Outputs(0)))
	if err != nil || !out.filled {
		return nil, refusef("nothing gives its output")
	}
	var t schema.Tensor
	g.Tensors(&t, int(g.Outputs(0)))
	r.Output = string(t.Name())
	return r.finish(out.place)
}

// tensor keeps a tensor of the graph.
func (r *tfliteReader) tensor(t *schema.Tensor) error {
	if t.ShapeLength() > 4 {
		return refusef("it has %d sides", t.ShapeLength())
	}
	kept := tfliteTensor{kind: t.Type()}
	for i := range t.ShapeLength() {
		kept.shape = append(kept.shape, int(t.Shape(i)))
	}
	var err error
	kept.data, err = r.buffer(int(t.Buffer()))
	r.tensors = append(r.tensors, kept)
	return err
}

func (r *tfliteReader) at(i int) (*tfliteTensor, error) {
	if i < 0 || i >= len(r.tensors) {
		return nil, refusef("it has no tensor %d", i)
	}
	return &r.tensors[i], nil
}

// operator adds the step of an operator and keeps what it gives.
func (r *tfliteReader) operator(op *schema.Operator) error {
	var code schema.OperatorCode
	if int(op.OpcodeIndex()) >= r.file.OperatorCodesLength() ||
		!r.file.OperatorCodes(&code, int(op.OpcodeIndex())) || code.Version() != 1 {
		return refusef("its code %d is missing, or not of version 1", op.OpcodeIndex())
	}
	if op.OutputsLength() != 1 || op.InputsLength() < 1 || op.InputsLength() > 3 {
		return refusef("it has %d inputs and %d outputs", op.InputsLength(), op.OutputsLength())
	}
	out, err := r.at(int(op.Outputs(0)))
	if err != nil {
		return err
	}
	if out.filled || len(out.data) > 0 {
		return refusef("its output %d is another's, too", op.Outputs(0))
	}
	o := tfliteOperator{r, op, code.BuiltinCode()}
	place, err := o.step()
	if err != nil {
		return refusef("%v: %w", o.code, err)
	}
	want := slices.Concat([]int{1}, r.shapes[place])
	if !slices.Equal(out.shape, want) || out.kind != schema.TensorTypeFLOAT32 {
		return refusef("%v gives %v, the file says %v", o.code, want, out.shape)
	}
	out.place, out.filled = place, true
	return nil
}
