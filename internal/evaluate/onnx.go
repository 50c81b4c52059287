package evaluate

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tailor-nas/tailor/internal/onnx/pb"
)

// onnxReader turns the nodes of an ONNX graph into steps. Its maps are (1,C,H,W) in the file.
type onnxReader struct {
	*Model
	opset     int64
	constant  map[string]*pb.TensorProto
	values    map[string]int
	announced map[string][]int // shapes that the file says values have
}

// ReadONNX reads an ONNX file back. Its errors wrap [ErrFile].
func ReadONNX(data []byte) (*Model, error) { return readBack(data, readONNX) }

func readONNX(data []byte) (*Model, error) {
	if err := checkStructure(data); err != nil {
		return nil, err
	}
	var file pb.ModelProto
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &file); err != nil {
		return nil, refusef("it is no ONNX file: %w", err)
	}
	if known := proto.Size(&file); known != len(data) {
		return nil, refusef("%d of its %d bytes are of fields that tailor does not write",
			len(data)-known, len(data))
	}
	if len(file.OpsetImport) != 1 || file.OpsetImport[0].Domain != "" || file.Graph == nil {
		return nil, refusef("it has no graph of ONNX's own operators alone")
	}
	r := onnxReader{newModel(), file.OpsetImport[0].Version, map[string]*pb.TensorProto{},
		map[string]int{}, map[string][]int{}}
	for _, p := range file.MetadataProps {
		if err := r.note(p.Key, p.Value); err != nil {
			return nil, err
		}
	}
	if r.opset < 13 || r.opset > 17 {
		return nil, refusef("its operators are of opset %d, expected 13 to 17", r.opset)
	}
	return r.graph(file.Graph)
}

func (r *onnxReader) graph(g *pb.GraphProto) (*Model, error) {
	if len(g.Input) != 1 || len(g.Output) != 1 || len(g.Initializer) > maxTensors ||
		len(g.ValueInfo) > maxTensors {
		return nil, refusef("it has %d inputs, %d outputs and %d constants", len(g.Input),
			len(g.Output), len(g.Initializer))
	}
	for _, t := range g.Initializer {
		if r.constant[t.Name] != nil || t.DataType != pb.TensorProto_FLOAT {
			return nil, refusef("its constant %.40q is there twice, or not of float32", t.Name)
		}
		r.constant[t.Name] = t
	}
	for _, v := range slices.Concat(g.ValueInfo, g.Output) {
		r.announced[v.Name] = shapeOf(v)
	}
	in := shapeOf(g.Input[0])
	if in == nil {
		return nil, refusef("its input is not of float32 with a shape that does not change")
	}
	r.values[g.Input[0].Name] = 0
	if err := r.input(in); err != nil {
		return nil, err
	}
	for _, n := range g.Node {
		if err := r.node(n); err != nil {
			return nil, refusef("operator %.40q (%.40s): %w", n.Name, n.OpType, err)
		}
	}
	output, ok := r.values[g.Output[0].Name]
	if !ok {
		return nil, refusef("nothing gives its output")
	}
	r.Output, r.Opset = g.Output[0].Name, int(r.opset)
	return r.finish(output)
}

// shapeOf is the shape that a file says a value has, as this package has it; nil if it is none.
func shapeOf(v *pb.ValueInfoProto) []int {
	t := v.GetType().GetTensorType()
	if t.GetElemType() != pb.TensorProto_FLOAT {
		return nil
	}
	var dims []int
	for _, d := range t.GetShape().GetDim() {
		dims = append(dims, int(d.GetDimValue()))
	}
	switch {
	case len(dims) == 4 && dims[0] == 1:
		return []int{dims[2], dims[3], dims[1]}
	case len(dims) == 2 && dims[0] == 1:
		return dims[1:]
	}
	return nil
}

// node adds the step of a node and keeps its value.
func (r *onnxReader) node(n *pb.NodeProto) error {
	if len(n.Output) != 1 || len(n.Input) == 0 {
		return refusef("it has %d inputs and %d outputs", len(n.Input), len(n.Output))
	}
	name := n.Output[0]
	if _, taken := r.values[name]; taken || r.constant[name] != nil {
		return refusef("its output %.40q is another's, too", name)
	}
	a := attributesOf(n)
	place, err := r.step(n, a)
	if err != nil {
		return err
	}
	if err := a.done(); err != nil {
		return err
	}
	if shape := r.shapes[place]; !slices.Equal(r.announced[name], shape) {
		return refusef("it gives %v, the file says %v", shape, r.announced[name])
	}
	r.values[name] = place
	return nil
}

// value finds the place of an input that is computed.
func (r *onnxReader) value(n *pb.NodeProto, i int) (int, error) {
	if i < len(n.Input) {
		if at, ok := r.values[n.Input[i]]; ok {
			return at, nil
		}
	}
	return 0, refusef("its input %d is not computed before it", i)
}

// weights gives the values of an input that is a constant, and its shape.
func (r *onnxReader) weights(n *pb.NodeProto, i int) (data []float64, dims []int, err error) {
	if i >= len(n.Input) || r.constant[n.Input[i]] == nil {
		return nil, nil, refusef("its input %d is no constant", i)
	}
	t := r.constant[n.Input[i]]
	for _, d := range t.Dims {
		dims = append(dims, int(d))
	}
	size := len(t.RawData) / 4
	if n, ok := elements(dims); !ok || n != size {
		return nil, nil, refusef("its input %d has the shape %v for %d values", i, dims, size)
	}
	data, err = r.floats(t.RawData, size)
	return data, dims, err
}

// elements is how many elements a constant has; no dimension at all is one.
func elements(dims []int) (n int, ok bool) {
	n = 1
	for _, d := range dims {
		if d < 1 || d > maxConstants || n*d > maxConstants {
			return 0, false
		}
		n *= d
	}
	return n, len(dims) <= 4
}
