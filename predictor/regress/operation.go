package regress

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/tailor-nas/tailor/internal/bug"
)

// operation is a custom operation of Gorgonia's graph: a function of float32 tensors that runs on
// our kernels. It keeps the tensor that it gives, so that running a graph again allocates none.
type operation struct {
	// Of operations of one name on the same nodes, Gorgonia runs one.
	name string
	run  func(in [][]float32, out []float32)
	// The slopes are of the loss: given that with respect to the output, those with respect to the
	// inputs that it is differentiated by.
	slopes func(inputs gorgonia.Nodes, output, slope *gorgonia.Node) (gorgonia.Nodes, error)
	by     []bool

	types []hm.Type // of the inputs and the output
	in    [][]float32
	out   []float32
	value *tensor.Dense // of out
}

var _ gorgonia.SDOp = (*operation)(nil)

func (o *operation) Arity() int { return len(o.in) }

func (o *operation) Type() hm.Type { return hm.NewFnType(o.types...) }

func (o *operation) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return o.value.Shape(), nil
}

// Do is called in a goroutine of Gorgonia's, where nobody watches for panics.
func (o *operation) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	for i, v := range inputs {
		var err error
		if o.in[i], err = floats(v); err != nil {
			return nil, fmt.Errorf("%s, input %d: %w", o.name, i, err)
		}
	}
	if err := bug.Catch(func() error {
		o.run(o.in, o.out)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("%s: %w", o.name, err)
	}
	return o.value, nil
}

func (o *operation) DiffWRT(int) []bool { return o.by }

func (o *operation) SymDiff(inputs gorgonia.Nodes, output, slope *gorgonia.Node) (gorgonia.Nodes,
	error) {
	return o.slopes(inputs, output, slope)
}

// Gorgonia need not make room for the output, and it is none of the inputs.
func (o *operation) ReturnsPtr() bool     { return false }
func (o *operation) CallsExtern() bool    { return false }
func (o *operation) OverwritesInput() int { return -1 }

func (o *operation) String() string        { return o.name }
func (o *operation) WriteHash(h hash.Hash) { h.Write([]byte(o.name)) }
func (o *operation) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// floats are the numbers of a tensor, where they are.
func floats(v gorgonia.Value) ([]float32, error) {
	t, ok := v.(*tensor.Dense)
	if !ok || t.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("a value of %v (%T), expected a tensor of float32", v.Dtype(), v)
	}
	return t.Float32s(), nil
}

// graphBuilder adds nodes to a graph. It keeps the first error, after which its nodes are of no
// use.
type graphBuilder struct {
	graph *gorgonia.ExprGraph
	err   error
}

// input is a tensor that reads data where it is.
func (b *graphBuilder) input(name string, data []float32, shape ...int) *gorgonia.Node {
	value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return gorgonia.NewTensor(b.graph, tensor.Float32, len(shape), gorgonia.WithShape(shape...),
		gorgonia.WithName(name), gorgonia.WithValue(value))
}

// apply adds an operation with an output of this shape, of at least one dimension as the inputs.
func (b *graphBuilder) apply(o operation, shape tensor.Shape,
	inputs ...*gorgonia.Node) *gorgonia.Node {
	if b.err != nil { // nodes may be nil
		return nil
	}
	for _, n := range inputs {
		o.types = append(o.types, n.Type())
	}
	o.types = append(o.types, gorgonia.TensorType{Dims: len(shape), Of: tensor.Float32})
	o.in, o.out = make([][]float32, len(inputs)), make([]float32, shape.TotalSize())
	o.value = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(o.out))
	node, err := gorgonia.ApplyOp(&o, inputs...)
	b.err = err
	return node
}
