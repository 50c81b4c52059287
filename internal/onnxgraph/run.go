package onnxgraph

import (
	"context"
	"fmt"
)

// machine computes a graph, one node after the other.
type machine struct {
	ctx    context.Context
	graph  *Graph
	values map[string]*Tensor
	uses   map[string]int // that are still to come
	watch  func(n *Node, result *Tensor)
	live   int   // elements of values that are kept
	work   int64 // products so far
}

// Shapes are the shapes of all values that a run has computed, by name.
type Shapes map[string][]int

// Run computes the graph's first output for an input, and says which shapes its values had. watch,
// which may be nil, sees what each node gives.
func (g *Graph) Run(ctx context.Context, input *Tensor, watch func(n *Node, result *Tensor)) (
	*Tensor, Shapes, error) {
	if len(g.Inputs) != 1 || len(g.Outputs) < 1 {
		return nil, nil, refusef("the graph has %d inputs and %d outputs, expected one of each",
			len(g.Inputs), len(g.Outputs))
	}
	m := machine{ctx: ctx, graph: g, values: map[string]*Tensor{}, uses: map[string]int{},
		watch: watch}
	for i := range g.Nodes {
		for _, name := range g.Nodes[i].Inputs {
			m.uses[name]++
		}
	}
	output := g.Outputs[0].Name
	m.uses[output]++
	shapes := Shapes{g.Inputs[0].Name: input.Dims}
	m.values[g.Inputs[0].Name] = input
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if err := m.node(n, shapes); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", n.Label(), err)
		}
	}
	result, err := m.value(output)
	return result, shapes, err
}

// value finds what a name stands for.
func (m *machine) value(name string) (*Tensor, error) {
	if t := m.values[name]; t != nil {
		return t, nil
	}
	if t := m.graph.Constants[name]; t != nil {
		return t, nil
	}
	return nil, refusef("nothing gives the value %s", clipped(name))
}

// node computes a node and keeps its first output. Others, as the mask of Dropout, nobody uses.
func (m *machine) node(n *Node, shapes Shapes) error {
	run, ok := operators[n.Op]
	if !ok || n.Domain != "" && n.Domain != "ai.onnx" {
		return refusef("this operator is not one of those that are known")
	}
	args := make([]*Tensor, len(n.Inputs))
	for i, name := range n.Inputs {
		if name == "" { // is left out
			continue
		}
		var err error
		if args[i], err = m.value(name); err != nil {
			return err
		}
	}
	if len(args) < run.least || len(n.Outputs) == 0 {
		return refusef("it has %d inputs and %d outputs", len(args), len(n.Outputs))
	}
	for i := range run.least {
		if args[i] == nil {
			return refusef("its input %d is left out", i)
		}
	}
	t, err := run.compute(m, n, args)
	if err != nil {
		return err
	}
	if m.watch != nil {
		m.watch(n, t)
	}
	if m.live += len(t.Data); m.live > maxLive {
		return refusef("more than %d values are kept at one time", maxLive)
	}
	if m.values[n.Outputs[0]] != nil {
		return refusef("another node gives %s, too", clipped(n.Outputs[0]))
	}
	m.values[n.Outputs[0]], shapes[n.Outputs[0]] = t, t.Dims
	m.drop(n)
	return nil
}

// drop forgets what no later node takes.
func (m *machine) drop(n *Node) {
	for _, name := range n.Inputs {
		if m.uses[name]--; m.uses[name] == 0 && m.values[name] != nil {
			m.live -= len(m.values[name].Data)
			delete(m.values, name)
		}
	}
}

// spend counts products of numbers.
func (m *machine) spend(products ...int) error {
	n := int64(1)
	for _, p := range products {
		if p > 0 && n > maxWork/int64(p) {
			return refusef("it takes more than %d products", int64(maxWork))
		}
		n *= int64(p)
	}
	if m.work += n; m.work > maxWork {
		return refusef("the graph takes more than %d products", int64(maxWork))
	}
	return nil
}

// made makes a tensor of a shape.
func made(dims ...int) (*Tensor, error) {
	n, ok := elements(dims)
	if !ok {
		return nil, refusef("its result would have the shape %v", dims)
	}
	return &Tensor{dims, make([]float64, n)}, nil
}

// operator is what computes a node: how many inputs it needs at least, and how.
type operator struct {
	least   int
	compute func(*machine, *Node, []*Tensor) (*Tensor, error)
}

// operators are those that are known. The function is not a variable, so that it may use them all.
var operators = map[string]operator{
	"Conv": {2, conv}, "BatchNormalization": {5, batchNorm}, "Gemm": {2, gemm},
	"MatMul":            {2, matMul},
	"GlobalAveragePool": {1, globalMean}, "AveragePool": {1, averagePool},
	"ReduceMean": {1, reduceMean},
	"Relu":       each(func(v float64) float64 { return max(v, 0) }), "Clip": {1, clip},
	"Sigmoid":     each(sigmoid),
	"HardSwish":   each(func(v float64) float64 { return v * min(max(v+3, 0), 6) / 6 }),
	"HardSigmoid": {1, hardSigmoid}, "Softmax": {1, softmax},
	"Add": pairs(func(a, b float64) float64 { return a + b }),
	"Sub": pairs(func(a, b float64) float64 { return a - b }),
	"Mul": pairs(func(a, b float64) float64 { return a * b }),
	"Div": pairs(func(a, b float64) float64 { return a / b }),
	"Min": pairs(func(a, b float64) float64 { return min(a, b) }),
	"Max": pairs(func(a, b float64) float64 { return max(a, b) }),
	"Pad": {1, pad}, "Flatten": {1, flatten}, "Reshape": {1, reshape}, "Squeeze": {1, squeeze},
	"Unsqueeze": {1, unsqueeze}, "Transpose": {1, transpose}, "Concat": {1, concat},
	"Shape": {1, shapeOf}, "Gather": {2, gather}, "Slice": {1, slice},
	"Constant": {0, constant}, "Identity": {1, same}, "Dropout": {1, same}, "Cast": {1, cast},
}
