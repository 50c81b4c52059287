package onnxgraph

// Graph is what an ONNX file holds.
type Graph struct {
	Opset      int
	Nodes      []Node // each after those whose outputs it takes
	Constants  map[string]*Tensor
	Inputs     []Value // that are not among the constants
	Outputs    []Value
	Properties map[string]string
}

// Node is an operator of the graph.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string
	Attributes       map[string]Attribute
}

// Attribute is a setting of a node: the field of its type.
type Attribute struct {
	F      float64
	I      int64
	S      string
	Ints   []int
	Tensor *Tensor
}

// Value is an input or output of the graph. A dimension that is not fixed is 0.
type Value struct {
	Name string
	Dims []int
}

// Tensor is an array, the last dimension fastest. Whole numbers are kept as numbers with fractions,
// too.
type Tensor struct {
	Dims []int
	Data []float64
}

// Label is how errors call a node: its name, or where it stands, and its operator.
func (n *Node) Label() string {
	name := n.Name
	if name == "" && len(n.Outputs) > 0 {
		name = "that gives " + n.Outputs[0]
	}
	return "node " + clipped(name) + " (" + clipped(n.Op) + ")"
}

// clipped bounds a text from a file.
func clipped(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "..."
	}
	return s
}

// Int is a whole number, or what it is if nothing is said.
func (n *Node) Int(name string, otherwise int) int {
	if a, ok := n.Attributes[name]; ok {
		return int(a.I)
	}
	return otherwise
}

// Float is a number, likewise.
func (n *Node) Float(name string, otherwise float64) float64 {
	if a, ok := n.Attributes[name]; ok {
		return a.F
	}
	return otherwise
}

// Ints is a list of whole numbers, likewise.
func (n *Node) Ints(name string, otherwise ...int) []int {
	if a, ok := n.Attributes[name]; ok {
		return a.Ints
	}
	return otherwise
}
