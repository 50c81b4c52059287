package adopt

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/supernet"
)

// pair is an operator of two inputs: a sum or product of two values, or one with a constant, of
// which activations are made where a version of ONNX has no operator for them.
func (r *recogniser) pair(n *onnxgraph.Node) (int, error) {
	if len(n.Inputs) != 2 {
		return 0, fmt.Errorf("it has %d inputs, expected 2", len(n.Inputs))
	}
	x, isX := r.values[n.Inputs[0]]
	y, isY := r.values[n.Inputs[1]]
	switch {
	case isX && isY:
		return r.join(n, x, y)
	case isX && r.number(n, 1) != nil:
		return r.withConstant(n, x, r.number(n, 1), false)
	case isY && r.number(n, 0) != nil:
		return r.withConstant(n, y, r.number(n, 0), true)
	}
	return 0, fmt.Errorf("its inputs are not computed from the image")
}

// join is a shortcut, a gate, or an activation of one value times itself.
func (r *recogniser) join(n *onnxgraph.Node, x, y int) (int, error) {
	switch n.Op {
	case "Add":
		return r.add(n, op{kind: opAdd, args: []int{x, y}})
	case "Mul":
		for _, p := range [][2]int{{x, y}, {y, x}} {
			if act := r.gateOf(p[0], p[1]); act != "" {
				return r.add(n, op{kind: opAct, args: []int{p[0]}, act: act})
			}
			if r.raised(p[0], p[1]) {
				return r.add(n, op{kind: opRaised, args: []int{p[0]}})
			}
		}
		return r.add(n, op{kind: opMultiply, args: []int{x, y}})
	}
	return 0, fmt.Errorf("of two values that are computed, known are sum and product")
}

// gateOf says which activation x times y is, if y is a gate of x itself: SiLU or hard swish.
func (r *recogniser) gateOf(x, y int) supernet.Act {
	g := r.ops[y]
	if g.kind != opAct || g.args[0] != x {
		return ""
	}
	switch g.act {
	case sigmoid:
		return silu
	case supernet.HSigmoid:
		return hSwish
	}
	return ""
}

// raised says whether y is min(max(x+3, 0), 6).
func (r *recogniser) raised(x, y int) bool {
	c := r.ops[y]
	if c.kind != opAct || c.act != relu6 {
		return false
	}
	l := r.ops[c.args[0]]
	return l.kind == opLine && l.a == 1 && l.b == 3 && l.args[0] == x
}

// withConstant is a value and a constant, first where the constant is the first of them.
func (r *recogniser) withConstant(n *onnxgraph.Node, x int, t *onnxgraph.Tensor, first bool) (int,
	error) {
	if len(t.Data) != 1 {
		return r.bias(n, x, t)
	}
	v := t.Data[0]
	switch n.Op {
	case "Min":
		return r.clipped(n, x, math.Inf(-1), v)
	case "Max":
		return r.clipped(n, x, v, math.Inf(1))
	case "Add":
		return r.line(n, x, 1, v)
	case "Mul":
		return r.line(n, x, v, 0)
	}
	switch {
	case n.Op == "Sub" && !first:
		return r.line(n, x, 1, -v)
	case n.Op == "Div" && !first && v != 0:
		return r.line(n, x, 1/v, 0)
	}
	return 0, fmt.Errorf("with the constant %v first it is no part of a network that is known", v)
}

// line is a*x + b, which may finish an activation.
func (r *recogniser) line(n *onnxgraph.Node, x int, a, b float64) (int, error) {
	from := r.ops[x]
	switch {
	case a == 1 && b == 0:
		return x, nil
	case from.kind == opRaised && near(a, 1./6) && b == 0: // x * relu6(x+3) / 6
		return r.add(n, op{kind: opAct, args: from.args, act: hSwish})
	case from.kind == opAct && from.act == relu6 && near(a, 1./6) && b == 0:
		if l := r.ops[from.args[0]]; l.kind == opLine && l.a == 1 && l.b == 3 { // relu6(x+3) / 6
			return r.add(n, op{kind: opAct, args: l.args, act: supernet.HSigmoid})
		}
	case from.kind == opLine: // of a line, in one
		return r.add(n, op{kind: opLine, args: from.args, a: a * from.a, b: a*from.b + b})
	}
	return r.add(n, op{kind: opLine, args: []int{x}, a: a, b: b})
}

// bias is a constant a channel that is added to the output of a convolution or fully connected
// layer.
func (r *recogniser) bias(n *onnxgraph.Node, x int, t *onnxgraph.Tensor) (int, error) {
	o := &r.ops[x]
	if n.Op != "Add" || o.kind != opConv || o.conv.Norm != nil || r.taken(x) ||
		len(t.Data) != o.conv.Out || !alongChannels(t.Dims, len(o.dims), o.conv.Out) {
		return 0, fmt.Errorf("with a constant of shape %v it is no bias of a convolution or fully "+
			"connected layer", t.Dims)
	}
	if o.conv.Bias == nil {
		o.conv.Bias = make([]float32, o.conv.Out)
	}
	for i, v := range t.Data {
		o.conv.Bias[i] += float32(v)
	}
	return x, nil
}

// alongChannels says whether the one axis of a constant that is not 1 meets the channels of values
// with so many axes, (N,C,H,W) or (N,C).
func alongChannels(dims []int, rank, channels int) bool {
	for i, d := range dims {
		if d == channels && d != 1 {
			return len(dims)-i == rank-1
		}
	}
	return channels == 1
}
