package adopt

import (
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/supernet"
)

// oddSpace has what networks of others have: counts that are no multiples of 8, a large first
// kernel, SiLU, unusual squeeze-and-excitation, and features with a bias.
const oddSpace = `
tailor: space/1
name: odd
classes: 3
resolutions: [33]
channel_divisor: 1
padding: tf_same
bn_eps: 1e-3
stem: {kernel: 5, width: 6, stride: 2, act: silu}
stages:
  - {width: 10, stride: 2, act: silu, depth: [2], kernel: [5], expand: [2.5]}
  - {width: 13, stride: 1, act: h_swish, se: {ratio: 0.3, divisor: 1, gate: sigmoid}, depth: [1], kernel: [7], expand: [3.1]}
head: {expand: 21, features: 17, features_bias: true, act: h_swish}
`

func TestOddNetwork(t *testing.T) {
	s := must(supernet.ParseSpace("odd", []byte(oddSpace)))
	for _, opset := range []int{13, 17} {
		_, got := adopted(t, exported(t, s, s.Max(), 1, opset))
		if a, b := supernet.Params(got.Blocks(got.Max())),
			supernet.Params(s.Blocks(s.Max())); a != b {
			t.Errorf("it has %d parameters, expected %d", a, b)
		}
	}
}

// rewriter replaces nodes of a graph by others that compute the same.
type rewriter struct {
	*onnxgraph.Graph
	made int
}

func (r *rewriter) number(v float64) string {
	r.made++
	name := "number" + string(rune('a'+r.made%26)) + string(rune('a'+r.made/26))
	r.Constants[name] = &onnxgraph.Tensor{Data: []float64{v}}
	return name
}

func node(op, out string, in ...string) onnxgraph.Node {
	return onnxgraph.Node{Name: out, Op: op, Inputs: in, Outputs: []string{out},
		Attributes: map[string]onnxgraph.Attribute{}}
}

// forms are the ways in which exporters write what has an operator of its own elsewhere.
var forms = map[string]func(r *rewriter, n onnxgraph.Node) []onnxgraph.Node{
	"HardSwish as product of raised": func(r *rewriter, n onnxgraph.Node) []onnxgraph.Node {
		if n.Op != "HardSwish" {
			return nil
		}
		x, y := n.Inputs[0], n.Outputs[0]
		return []onnxgraph.Node{node("Add", y+"1", x, r.number(3)),
			node("Clip", y+"2", y+"1", r.number(0), r.number(6)), node("Mul", y+"3", x, y+"2"),
			node("Div", y, y+"3", r.number(6))}
	},
	"HardSwish as product with a share": func(r *rewriter, n onnxgraph.Node) []onnxgraph.Node {
		if n.Op != "HardSwish" {
			return nil
		}
		x, y := n.Inputs[0], n.Outputs[0]
		return []onnxgraph.Node{node("Add", y+"1", r.number(3), x),
			node("Max", y+"2", y+"1", r.number(0)), node("Min", y+"3", y+"2", r.number(6)),
			node("Mul", y+"4", y+"3", r.number(1./6)), node("Mul", y, y+"4", x)}
	},
	"HardSigmoid in steps": func(r *rewriter, n onnxgraph.Node) []onnxgraph.Node {
		if n.Op != "HardSigmoid" {
			return nil
		}
		x, y := n.Inputs[0], n.Outputs[0]
		return []onnxgraph.Node{node("Mul", y+"1", x, r.number(1./6)),
			node("Add", y+"2", y+"1", r.number(0.5)),
			node("Clip", y, y+"2", r.number(0), r.number(1))}
	},
	"padding of its own": func(r *rewriter, n onnxgraph.Node) []onnxgraph.Node {
		if p := n.Ints("pads"); n.Op != "Conv" || slices.Max(p) == 0 {
			return nil
		}
		p, padded := n.Ints("pads"), n.Outputs[0]+"padded"
		pad := node("Pad", padded, n.Inputs[0])
		pad.Attributes["pads"] = onnxgraph.Attribute{Ints: []int{0, 0, p[0], p[1], 0, 0, p[2], p[3]}}
		n.Inputs[0] = padded
		delete(n.Attributes, "pads")
		return []onnxgraph.Node{pad, n}
	},
	"MatMul and Add": func(r *rewriter, n onnxgraph.Node) []onnxgraph.Node {
		if n.Op != "Gemm" {
			return nil
		}
		y, w := n.Outputs[0], r.Constants[n.Inputs[1]]
		turned := &onnxgraph.Tensor{Dims: []int{w.Dims[1], w.Dims[0]},
			Data: make([]float64, len(w.Data))}
		for i, v := range w.Data {
			turned.Data[i%w.Dims[1]*w.Dims[0]+i/w.Dims[1]] = v
		}
		r.Constants[n.Inputs[1]] = turned
		return []onnxgraph.Node{node("MatMul", y+"1", n.Inputs[0], n.Inputs[1]),
			node("Add", y, n.Inputs[2], y+"1")}
	},
	"mean without pixels, and what changes nothing": func(r *rewriter,
		n onnxgraph.Node) []onnxgraph.Node {
		if n.Op != "Flatten" {
			return nil
		}
		y := n.Outputs[0]
		cast := node("Cast", y+"1", n.Inputs[0])
		cast.Attributes["to"] = onnxgraph.Attribute{I: 1}
		return []onnxgraph.Node{cast, node("Shape", y+"s", n.Inputs[0]),
			node("Gather", y+"g", y+"s", r.number(0)), node("Dropout", y+"2", y+"1"),
			node("Squeeze", y, y+"2", r.axes(2, 3))}
	},
}

func (r *rewriter) axes(v ...float64) string {
	name := r.number(0)
	r.Constants[name] = &onnxgraph.Tensor{Dims: []int{len(v)}, Data: v}
	return name
}

// TestForms: a network is the same however its file spells it.
func TestForms(t *testing.T) {
	s := small(t, "mbv3-tiny")
	half := []float32{0.5, 0.5, 0.5}
	for name, rewrite := range forms {
		t.Run(name, func(t *testing.T) {
			r := &rewriter{Graph: must(onnxgraph.Read(exported(t, s, s.Max(), 1, 17)))}
			var nodes []onnxgraph.Node
			for _, n := range r.Nodes {
				if others := rewrite(r, n); others != nil {
					nodes = append(nodes, others...)
					continue
				}
				nodes = append(nodes, n)
			}
			if len(nodes) == len(r.Nodes) {
				t.Fatal("nothing was rewritten")
			}
			r.Nodes = nodes
			a, err := fromGraph(t.Context(), r.Graph, Options{Mean: half, Std: half})
			if err != nil {
				t.Fatal(err)
			}
			if d := a.differs(t, must(a.Network.Space("x", a.Facts))); d > Tolerance {
				t.Errorf("the network is %g away", d)
			}
		})
	}
}
