package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/tailor-nas/tailor/internal/onnx/pb"
)

// array is a tensor of the evaluator.
type array struct {
	dims []int
	data []float64
}

func newArray(dims ...int) array {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return array{dims, make([]float64, n)}
}

// machine runs a model as the operators' specification says, one value after the other.
type machine struct {
	t      *testing.T
	values map[string]array
	used   map[string]bool
	opset  int64
}

// runModel reads the bytes of a file and gives its output for an input. On the way it checks what
// must hold for every file: names, shapes, that nothing is missing and nothing superfluous.
func runModel(t *testing.T, data []byte, input []float64) []float64 {
	t.Helper()
	model := readModel(t, data)
	g := model.Graph
	m := &machine{t, map[string]array{}, map[string]bool{}, model.OpsetImport[0].Version}
	for _, c := range g.Initializer {
		m.set(c.Name, constantOf(t, c))
	}
	in := newArray(dimsOf(g.Input[0])...)
	if copy(in.data, input) != len(in.data) {
		t.Fatalf("input %v is given %d values", in.dims, len(input))
	}
	m.set(g.Input[0].Name, in)
	shapes := map[string][]int{}
	for _, v := range slices.Concat(g.ValueInfo, g.Output) {
		shapes[v.Name] = dimsOf(v)
	}
	nodes := map[string]bool{}
	for _, n := range g.Node {
		if n.Name == "" || nodes[n.Name] {
			t.Errorf("node name %q is empty or taken", n.Name)
		}
		nodes[n.Name] = true
		out := m.run(n)
		m.set(n.Output[0], out)
		if !slices.Equal(shapes[n.Output[0]], out.dims) {
			t.Errorf("%s is %v, the file says %v", n.Output[0], out.dims, shapes[n.Output[0]])
		}
	}
	for name := range m.values {
		if !m.used[name] && name != g.Output[0].Name {
			t.Errorf("nothing uses %s", name)
		}
	}
	if len(shapes) != len(g.Node) {
		t.Errorf("%d shapes for %d nodes", len(shapes), len(g.Node))
	}
	return m.values[g.Output[0].Name].data
}

func readModel(t *testing.T, data []byte) *pb.ModelProto {
	t.Helper()
	model := &pb.ModelProto{}
	if err := proto.Unmarshal(data, model); err != nil {
		t.Fatal(err)
	}
	if len(model.ProtoReflect().GetUnknown()) > 0 {
		t.Error("the file has fields that its own reader does not know")
	}
	return model
}

func constantOf(t *testing.T, c *pb.TensorProto) array {
	t.Helper()
	dims := make([]int, len(c.Dims))
	for i, d := range c.Dims {
		dims[i] = int(d)
	}
	a := newArray(dims...)
	if len(c.RawData) != 4*len(a.data) || c.DataType != pb.TensorProto_FLOAT {
		t.Fatalf("%s: %d bytes for %v", c.Name, len(c.RawData), dims)
	}
	for i := range a.data {
		a.data[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(c.RawData[4*i:])))
	}
	return a
}

func dimsOf(v *pb.ValueInfoProto) (dims []int) {
	for _, d := range v.Type.GetTensorType().Shape.Dim {
		dims = append(dims, int(d.GetDimValue()))
	}
	return dims
}

func (m *machine) set(name string, a array) {
	if _, taken := m.values[name]; taken || name == "" {
		m.t.Errorf("value name %q is empty or taken", name)
	}
	m.values[name] = a
}

func (m *machine) get(name string) array {
	m.t.Helper()
	a, ok := m.values[name]
	if !ok {
		m.t.Fatalf("value %q is used before it is made", name)
	}
	m.used[name] = true
	return a
}

// attributes are those of a node by name, each a list.
type attributes map[string][]float64

func attributesOf(n *pb.NodeProto) attributes {
	all := attributes{}
	for _, a := range n.Attribute {
		switch a.Type {
		case pb.AttributeProto_FLOAT:
			all[a.Name] = []float64{float64(a.F)}
		case pb.AttributeProto_INT:
			all[a.Name] = []float64{float64(a.I)}
		default:
			for _, i := range a.Ints {
				all[a.Name] = append(all[a.Name], float64(i))
			}
		}
	}
	return all
}

// or gives an attribute's values, or the operator's default.
func (a attributes) or(name string, values ...float64) []float64 {
	if given := a[name]; given != nil {
		return given
	}
	return values
}

func (m *machine) run(n *pb.NodeProto) array {
	m.t.Helper()
	in := make([]array, len(n.Input))
	for i, name := range n.Input {
		in[i] = m.get(name)
	}
	a := attributesOf(n)
	switch n.OpType {
	case "Conv":
		return conv(in, a)
	case "Gemm":
		return gemm(m.t, in, a)
	case "MaxPool":
		return maxPool(in[0], a)
	case "GlobalAveragePool":
		return globalMean(in[0])
	case "Flatten":
		return array{[]int{in[0].dims[0], len(in[0].data) / in[0].dims[0]}, in[0].data}
	case "Cast":
		return in[0]
	case "Transpose":
		return toNCHW(m.t, in[0], a)
	case "Softmax":
		return softmax(in[0])
	case "Add":
		return broadcast(m.t, in, func(x, y float64) float64 { return x + y })
	case "Mul":
		return broadcast(m.t, in, func(x, y float64) float64 { return x * y })
	case "Clip":
		low, high := in[1].data[0], in[2].data[0]
		return each(in[0], func(x float64) float64 { return min(max(x, low), high) })
	case "Relu":
		return each(in[0], func(x float64) float64 { return max(x, 0) })
	case "HardSigmoid":
		alpha, beta := a.or("alpha", 0.2)[0], a.or("beta", 0.5)[0]
		return each(in[0], func(x float64) float64 { return max(0, min(1, alpha*x+beta)) })
	case "Sigmoid":
		return each(in[0], func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
	case "HardSwish":
		if m.opset < 14 {
			m.t.Fatal("HardSwish appeared in opset 14")
		}
		return each(in[0], func(x float64) float64 { return x * max(0, min(1, x/6+0.5)) })
	}
	m.t.Fatalf("operator %s is not one that the evaluator knows", n.OpType)
	return array{}
}

func each(x array, f func(float64) float64) array {
	out := newArray(x.dims...)
	for i, v := range x.data {
		out.data[i] = f(v)
	}
	return out
}

// broadcast aligns shapes at the right, and repeats what has the side 1.
func broadcast(t *testing.T, in []array, f func(x, y float64) float64) array {
	t.Helper()
	rank := max(len(in[0].dims), len(in[1].dims))
	dims := make([]int, rank)
	for d := range dims {
		dims[d] = max(side(in[0], rank, d), side(in[1], rank, d))
	}
	out := newArray(dims...)
	for i := range out.data {
		out.data[i] = f(in[0].data[at(in[0], dims, i)], in[1].data[at(in[1], dims, i)])
	}
	return out
}

func side(x array, rank, d int) int {
	if d -= rank - len(x.dims); d >= 0 {
		return x.dims[d]
	}
	return 1
}

// at is where element i of the shape dims is in x, which is broadcast to it.
func at(x array, dims []int, i int) int {
	where, stride := 0, 1
	for d := len(dims) - 1; d >= 0; d-- {
		if s := side(x, len(dims), d); s > 1 {
			where += i % dims[d] * stride
			stride *= s
		}
		i /= dims[d]
	}
	return where
}

// conv is Conv with groups, pads and strides.
func conv(in []array, a attributes) array {
	x, w := in[0], in[1]
	strides, pads := a.or("strides", 1, 1), a.or("pads", 0, 0, 0, 0)
	inC, kh, kw := w.dims[1], w.dims[2], w.dims[3]
	height := (x.dims[2]+int(pads[0]+pads[2])-kh)/int(strides[0]) + 1
	width := (x.dims[3]+int(pads[1]+pads[3])-kw)/int(strides[1]) + 1
	out := newArray(1, w.dims[0], height, width)
	perGroup := w.dims[0] / int(a.or("group", 1)[0])
	for o := range w.dims[0] {
		plane := out.data[o*height*width:][:height*width]
		for c := range inC {
			image := x.data[(o/perGroup*inC+c)*x.dims[2]*x.dims[3]:][:x.dims[2]*x.dims[3]]
			window := w.data[(o*inC+c)*kh*kw:][:kh*kw]
			for i := range plane {
				top := i/width*int(strides[0]) - int(pads[0])
				left := i%width*int(strides[1]) - int(pads[1])
				plane[i] += product(image, x.dims[2:], window, kw, top, left)
			}
		}
		for i := range plane {
			if len(in) > 2 {
				plane[i] += in[2].data[o]
			}
		}
	}
	return out
}

// product is a window over an image; outside of that is nothing.
func product(image []float64, size []int, window []float64, width, top, left int) (sum float64) {
	for i, w := range window {
		y, x := top+i/width, left+i%width
		if y >= 0 && y < size[0] && x >= 0 && x < size[1] {
			sum += w * image[y*size[1]+x]
		}
	}
	return sum
}

func gemm(t *testing.T, in []array, a attributes) array {
	t.Helper()
	x, w := in[0], in[1]
	if a.or("transB", 0)[0] != 1 || len(x.dims) != 2 || x.dims[1] != w.dims[1] {
		t.Fatalf("Gemm of %v and %v", x.dims, w.dims)
	}
	out := newArray(1, w.dims[0])
	for o := range out.data {
		if len(in) > 2 {
			out.data[o] = in[2].data[o]
		}
		for i, v := range x.data {
			out.data[o] += v * w.data[o*len(x.data)+i]
		}
	}
	return out
}

func maxPool(x array, a attributes) array {
	k, s := int(a["kernel_shape"][0]), int(a.or("strides", 1, 1)[0])
	out := newArray(1, x.dims[1], (x.dims[2]-k)/s+1, (x.dims[3]-k)/s+1)
	for i := range out.data {
		ox, oy, c := i%out.dims[3], i/out.dims[3]%out.dims[2], i/out.dims[3]/out.dims[2]
		best := math.Inf(-1)
		for d := range k * k {
			best = max(best, x.data[(c*x.dims[2]+oy*s+d/k)*x.dims[3]+ox*s+d%k])
		}
		out.data[i] = best
	}
	return out
}

func globalMean(x array) array {
	out, n := newArray(1, x.dims[1], 1, 1), x.dims[2]*x.dims[3]
	for i, v := range x.data {
		out.data[i/n] += v / float64(n)
	}
	return out
}

func toNCHW(t *testing.T, x array, a attributes) array {
	t.Helper()
	if fmt.Sprint(a["perm"]) != "[0 3 1 2]" {
		t.Fatalf("perm %v", a["perm"])
	}
	h, w, c := x.dims[1], x.dims[2], x.dims[3]
	out := newArray(1, c, h, w)
	for i, v := range x.data {
		out.data[i%c*h*w+i/c] = v
	}
	return out
}

func softmax(x array) array {
	out := each(x, math.Exp)
	sum := 0.0
	for _, v := range out.data {
		sum += v
	}
	return each(out, func(v float64) float64 { return v / sum })
}
