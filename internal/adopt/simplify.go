package adopt

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/supernet"
)

// opKind is what an operation of a simplified graph does.
type opKind int

const (
	opInput    opKind = iota
	opConv            // a convolution or a fully connected layer, with the batch norm that follows
	opAct             // an activation
	opMean            // over height and width
	opAdd             // two values
	opMultiply        // two values
	opLine            // a*x + b with numbers, on the way to an activation
	opClip            // between two numbers, likewise
	opPad             // zeros around a map, on the way to a convolution
	opRaised          // x * min(max(x+3, 0), 6), likewise
)

// op is an operation of a simplified graph.
type op struct {
	kind  opKind
	label string // of the node, for errors
	args  []int  // indexes of operations
	conv  *Conv
	act   supernet.Act
	a, b  float64 // of lines and clips
	pads  [4]int  // top, left, bottom, right
	users []int
	dims  []int
}

// recogniser holds a simplified graph: only what computes, activations in one piece, batch norm
// with its convolution.
type recogniser struct {
	graph   *onnxgraph.Graph
	shapes  onnxgraph.Shapes
	ops     []op
	values  map[string]int // of names: indexes of operations
	numbers constants
	aside   map[string]bool // values that are shapes, which nothing here needs
	softmax bool            // the graph gives probabilities
	output  int
}

// simplified goes over the nodes in their order.
func simplified(g *onnxgraph.Graph, shapes onnxgraph.Shapes, numbers constants) (*recogniser,
	error) {
	in := g.Inputs[0].Name
	r := &recogniser{graph: g, shapes: shapes, values: map[string]int{in: 0},
		numbers: numbers, aside: map[string]bool{}}
	r.ops = []op{{kind: opInput, label: "the input", dims: shapes[in]}}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		at, err := r.node(n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Label(), err)
		}
		if at >= 0 {
			r.values[n.Outputs[0]] = at
		}
	}
	at, ok := r.values[g.Outputs[0].Name]
	if !ok {
		return nil, fmt.Errorf("nothing of a network gives its output")
	}
	r.output = at
	r.use()
	return r, nil
}

// use notes which operations take which, of those that lead to the output.
func (r *recogniser) use() {
	needed := make([]bool, len(r.ops))
	needed[r.output] = true
	for i := len(r.ops) - 1; i >= 0; i-- {
		if !needed[i] {
			continue
		}
		for _, a := range r.ops[i].args {
			needed[a] = true
		}
	}
	for i := range r.ops {
		if !needed[i] {
			continue
		}
		for _, a := range r.ops[i].args {
			r.ops[a].users = append(r.ops[a].users, i)
		}
	}
}

func (r *recogniser) add(n *onnxgraph.Node, o op) (int, error) {
	o.label, o.dims = n.Label(), r.shapes[n.Outputs[0]]
	r.ops = append(r.ops, o)
	return len(r.ops) - 1, nil
}

// notNeeded is what a node is that only computes shapes, or gives a constant.
const notNeeded = -1

// node gives the operation that a node's output stands for.
func (r *recogniser) node(n *onnxgraph.Node) (int, error) {
	if r.numbers[n.Outputs[0]] != nil {
		return notNeeded, nil
	}
	if n.Op == "Shape" || r.onlyShapes(n) {
		r.aside[n.Outputs[0]] = true
		return notNeeded, nil
	}
	x, ok := 0, false
	if len(n.Inputs) > 0 {
		x, ok = r.values[n.Inputs[0]]
	}
	if !ok && !twoInputs(n.Op) {
		return 0, fmt.Errorf("its input is no value that is computed from the image")
	}
	switch n.Op {
	case "Identity", "Dropout", "Cast":
		return x, nil
	case "Flatten", "Reshape", "Squeeze", "Unsqueeze":
		return r.flattened(n, x)
	case "Transpose":
		return r.transposed(n, x)
	case "Softmax":
		r.softmax = true
		return x, nil
	case "Pad":
		p, err := n.Zeros(func(i int) *onnxgraph.Tensor { return r.number(n, i) })
		if err != nil {
			return 0, err
		}
		return r.add(n, op{kind: opPad, args: []int{x}, pads: p})
	case "Conv":
		return r.conv(n, x)
	case "Gemm", "MatMul":
		return r.linear(n, x)
	case "BatchNormalization":
		return r.batchNorm(n, x)
	case "GlobalAveragePool", "ReduceMean", "AveragePool":
		return r.add(n, op{kind: opMean, args: []int{x}})
	}
	if twoInputs(n.Op) {
		return r.pair(n)
	}
	return r.activation(n, x)
}

// onlyShapes says whether a node has nothing to work on but shapes and constants, of which at least
// one is a shape.
func (r *recogniser) onlyShapes(n *onnxgraph.Node) bool {
	some := false
	for _, name := range n.Inputs {
		some = some || r.aside[name]
		if name != "" && !r.aside[name] && r.numbers[name] == nil {
			return false
		}
	}
	return some
}

func twoInputs(op string) bool {
	return slices.Contains([]string{"Add", "Sub", "Mul", "Div", "Min", "Max"}, op)
}

// number gives an input that is a constant; nil if it is none.
func (r *recogniser) number(n *onnxgraph.Node, i int) *onnxgraph.Tensor {
	if i >= len(n.Inputs) || n.Inputs[i] == "" {
		return nil
	}
	return r.numbers[n.Inputs[i]]
}

// flattened changes nothing but the shape, where there is one pixel.
func (r *recogniser) flattened(n *onnxgraph.Node, x int) (int, error) {
	got, have := r.shapes[n.Outputs[0]], r.ops[x].dims
	if len(got) < 2 || got[0] != 1 || !onePixel(have) || !onePixel(got) || got[1] != have[1] {
		return 0, fmt.Errorf("it turns %v into %v: known is that of values without height and width",
			have, got)
	}
	return x, nil
}

func onePixel(dims []int) bool {
	for _, d := range dims[min(2, len(dims)):] {
		if d != 1 {
			return false
		}
	}
	return len(dims) >= 2
}

// transposed is known at the image, whose channels may be its last axis.
func (r *recogniser) transposed(n *onnxgraph.Node, x int) (int, error) {
	if r.ops[x].kind == opInput && slices.Equal(n.Ints("perm"), []int{0, 3, 1, 2}) {
		r.ops[x].dims = r.shapes[n.Outputs[0]]
		return x, nil
	}
	return 0, fmt.Errorf("it changes the order of axes within the network")
}

// activation is a function of each value.
func (r *recogniser) activation(n *onnxgraph.Node, x int) (int, error) {
	o := op{kind: opAct, args: []int{x}}
	switch n.Op {
	case "Relu":
		o.act = relu
	case "Sigmoid":
		o.act = sigmoid
	case "HardSwish":
		o.act = hSwish
	case "HardSigmoid":
		if o.act = supernet.HSigmoid; !near(n.Float("alpha", 0.2), 1./6) ||
			!near(n.Float("beta", 0.5), 0.5) {
			return 0, fmt.Errorf("it has the slope %v, known is 1/6", n.Float("alpha", 0.2))
		}
	case "Clip":
		low, high := n.Bounds(func(i int) *onnxgraph.Tensor { return r.number(n, i) })
		return r.clipped(n, x, low, high)
	default:
		return 0, fmt.Errorf("this operator is no part of a network that a space can hold")
	}
	return r.add(n, o)
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(math.Abs(a), math.Abs(b)) }

// clipped is an activation, or a step on the way to one.
func (r *recogniser) clipped(n *onnxgraph.Node, x int, low, high float64) (int, error) {
	o := op{kind: opClip, args: []int{x}, a: low, b: high}
	from := r.ops[x]
	switch {
	case from.kind == opLine && near(from.a, 1./6) && near(from.b, 0.5) && low == 0 && high == 1:
		return r.add(n, op{kind: opAct, args: from.args, act: supernet.HSigmoid})
	case from.kind == opAct && from.act == relu && low <= 0 && high == 6: // Min after Relu
		return r.add(n, op{kind: opAct, args: from.args, act: relu6})
	case low == 0 && high == 6:
		o = op{kind: opAct, args: []int{x}, act: relu6}
	case low == 0 && high >= math.MaxFloat32:
		o = op{kind: opAct, args: []int{x}, act: relu}
	}
	return r.add(n, o)
}

// conv is a convolution, with the zeros that a Pad before it puts around its input.
func (r *recogniser) conv(n *onnxgraph.Node, x int) (int, error) {
	w := r.number(n, 1)
	if w == nil || len(w.Dims) != 4 {
		return 0, fmt.Errorf("its weight is no constant of four axes")
	}
	var extra [4]int
	dims := r.ops[x].dims
	if p := r.ops[x]; p.kind == opPad {
		extra, x = p.pads, p.args[0]
	}
	if len(dims) == 2 { // was made a vector
		dims = []int{1, dims[1], 1, 1}
	}
	win, err := n.Window(dims[2:], w.Dims[2:])
	if err != nil {
		return 0, err
	}
	c := &Conv{Where: n.Label(), Kernel: w.Dims[2], Stride: win.Stride[0], Out: w.Dims[0],
		In: w.Dims[1], Weight: floats(w), Pads: &supernet.Pads{Top: win.Pads[0] + extra[0],
			Left: win.Pads[1] + extra[1], Bottom: win.Pads[2] + extra[2],
			Right: win.Pads[3] + extra[3]}}
	switch group := n.Int("group", 1); {
	case win.Stride[0] != win.Stride[1] || w.Dims[2] != w.Dims[3]:
		return 0, fmt.Errorf("its kernel %v or its stride %v is not square", w.Dims[2:],
			win.Stride)
	case win.Stride[0] > 2:
		return 0, fmt.Errorf("its stride is %d, and those of a space are 1 or 2", win.Stride[0])
	case group == 1 && w.Dims[1] == dims[1]:
	case group == dims[1] && w.Dims[1] == 1 && w.Dims[0] == group:
		c.Depthwise, c.In = true, group
	default:
		return 0, fmt.Errorf("its %d groups for %d channels are neither one nor one a channel",
			group, dims[1])
	}
	if b := r.number(n, 2); b != nil {
		c.Bias = floats(b)
	} else if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		return 0, fmt.Errorf("its bias is no constant")
	}
	c.output, c.own = n.Outputs[0], slices.Clone(c.Bias)
	return r.add(n, op{kind: opConv, args: []int{x}, conv: c})
}

func floats(t *onnxgraph.Tensor) []float32 {
	all := make([]float32, len(t.Data))
	for i, v := range t.Data {
		all[i] = float32(v)
	}
	return all
}

// linear is a fully connected layer, as a 1x1 convolution.
func (r *recogniser) linear(n *onnxgraph.Node, x int) (int, error) {
	w := r.number(n, 1)
	if w == nil || len(w.Dims) != 2 || r.ops[x].kind == opPad {
		return 0, fmt.Errorf("its weight is no constant of two axes")
	}
	c := &Conv{Where: n.Label(), Kernel: 1, Stride: 1, In: w.Dims[0], Out: w.Dims[1],
		Pads: &supernet.Pads{}}
	if n.Int("transB", 0) != 0 {
		c.In, c.Out, c.Weight = w.Dims[1], w.Dims[0], floats(w)
	} else {
		c.Weight = make([]float32, len(w.Data))
		for i := range c.In {
			for o := range c.Out {
				c.Weight[o*c.In+i] = float32(w.Data[i*c.Out+o])
			}
		}
	}
	if b := r.number(n, 2); b != nil {
		if c.Bias = floats(b); len(c.Bias) != c.Out {
			return 0, fmt.Errorf("it has %d biases for %d outputs", len(c.Bias), c.Out)
		}
	}
	return r.add(n, op{kind: opConv, args: []int{x}, conv: c})
}

// batchNorm goes to the convolution before it.
func (r *recogniser) batchNorm(n *onnxgraph.Node, x int) (int, error) {
	o := &r.ops[x]
	if o.kind != opConv || o.conv.Norm != nil || r.taken(x) {
		return 0, fmt.Errorf("it does not follow a convolution, whose output nothing else takes")
	}
	norm := &Norm{Eps: n.Float("epsilon", 1e-5)}
	for i, to := range []*[]float32{&norm.Scale, &norm.Shift, &norm.Mean, &norm.Var} {
		t := r.number(n, i+1)
		if t == nil || len(t.Data) != o.conv.Out {
			return 0, fmt.Errorf("its input %d is no constant of %d values", i+1, o.conv.Out)
		}
		*to = floats(t)
	}
	o.conv.Norm = norm
	return x, nil
}

// taken says whether an operation made so far takes a value.
func (r *recogniser) taken(x int) bool {
	return slices.ContainsFunc(r.ops, func(o op) bool { return slices.Contains(o.args, x) })
}
