package onnxgraph

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// reader counts what a file takes.
type reader struct {
	names int // and dimensions, attributes
	live  int // elements of constants
	graph Graph
}

// Read takes a file's bytes apart. Its errors wrap [ErrFile].
func Read(data []byte) (*Graph, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%w: it has %d bytes, expected at most %d", ErrFile, len(data),
			MaxFile)
	}
	r := reader{graph: Graph{Constants: map[string]*Tensor{}, Properties: map[string]string{}}}
	if err := r.model(data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return &r.graph, nil
}

// model reads a ModelProto.
func (r *reader) model(data []byte) error {
	var graph []byte
	err := fields(data, func(v field) error {
		switch v.number {
		case 7:
			graph = v.bytes
		case 8:
			return r.operators(v.bytes)
		case 14:
			return r.property(v.bytes)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if graph == nil || r.graph.Opset == 0 {
		return refusef("it has no graph, or does not say which operators it uses")
	}
	return r.nodes(graph)
}

// operators reads an OperatorSetIdProto. Operators of other domains are refused where they are
// used.
func (r *reader) operators(data []byte) error {
	domain, version := "", 0
	err := fields(data, func(v field) (err error) {
		switch v.number {
		case 1:
			domain, err = r.text(v)
		case 2:
			version = int(min(v.value, math.MaxInt32))
		}
		return err
	})
	if domain == "" || domain == "ai.onnx" {
		r.graph.Opset = version
	}
	return err
}

// property reads a StringStringEntryProto.
func (r *reader) property(data []byte) error {
	var key, value string
	err := fields(data, func(v field) (err error) {
		switch v.number {
		case 1:
			key, err = r.text(v)
		case 2:
			value = string(v.bytes)
		}
		return err
	})
	r.graph.Properties[key] = value
	return err
}

// nodes reads a GraphProto.
func (r *reader) nodes(data []byte) error {
	g := &r.graph
	err := fields(data, func(v field) error {
		switch v.number {
		case 1:
			n, err := r.node(v.bytes)
			if g.Nodes = append(g.Nodes, n); len(g.Nodes) > maxNodes {
				return refusef("it has more than %d nodes", maxNodes)
			}
			return err
		case 5:
			name, t, err := r.tensor(v.bytes)
			if err != nil {
				return err
			}
			return r.constant(name, t)
		case 11, 12:
			value, err := r.value(v.bytes)
			if v.number == 11 {
				g.Inputs = append(g.Inputs, value)
			} else {
				g.Outputs = append(g.Outputs, value)
			}
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	var inputs []Value // before IR version 4, constants were listed among them
	for _, in := range g.Inputs {
		if g.Constants[in.Name] == nil {
			inputs = append(inputs, in)
		}
	}
	g.Inputs = inputs
	return r.count(len(g.Inputs) + len(g.Outputs))
}

// constant keeps a tensor under its name.
func (r *reader) constant(name string, t *Tensor) error {
	if r.graph.Constants[name] != nil {
		return refusef("constant %s is there twice", clipped(name))
	}
	if r.live += len(t.Data); r.live > maxLive {
		return refusef("its constants have more than %d values", maxLive)
	}
	r.graph.Constants[name] = t
	return r.count(1)
}

// count bounds what is small but may be many.
func (r *reader) count(n int) error {
	if r.names += n; r.names > maxNames {
		return refusef("it has more than %d names", maxNames)
	}
	return nil
}

// text reads a name.
func (r *reader) text(v field) (string, error) {
	if len(v.bytes) > maxText || !utf8.Valid(v.bytes) {
		return "", refusef("it has a name of %d bytes, or one that is not UTF-8", len(v.bytes))
	}
	return string(v.bytes), r.count(1)
}

// node reads a NodeProto.
func (r *reader) node(data []byte) (n Node, err error) {
	n.Attributes = map[string]Attribute{}
	err = fields(data, func(v field) (err error) {
		var s string
		switch v.number {
		case 1, 2, 3, 4, 7:
			if s, err = r.text(v); err != nil {
				return err
			}
		}
		switch v.number {
		case 1:
			n.Inputs = append(n.Inputs, s)
		case 2:
			n.Outputs = append(n.Outputs, s)
		case 3:
			n.Name = s
		case 4:
			n.Op = s
		case 5:
			return r.attribute(v.bytes, n.Attributes)
		case 7:
			n.Domain = s
		}
		return nil
	})
	return n, err
}

// attribute reads an AttributeProto. Graphs inside it are left out: no operator that is known has
// one.
func (r *reader) attribute(data []byte, all map[string]Attribute) error {
	var a Attribute
	name := ""
	err := fields(data, func(v field) (err error) {
		switch v.number {
		case 1:
			name, err = r.text(v)
		case 2:
			a.F = float64(math.Float32frombits(uint32(v.value)))
		case 3:
			a.I = int64(v.value)
		case 4:
			a.S, err = r.text(v)
		case 5:
			_, a.Tensor, err = r.tensor(v.bytes)
			if err == nil {
				r.live += len(a.Tensor.Data)
			}
		case 8:
			var numbers []int64
			numbers, err = v.numbers(64)
			for _, n := range numbers {
				a.Ints = append(a.Ints, int(n))
			}
			if len(a.Ints) > 64 {
				return refusef("an attribute has more than 64 numbers")
			}
		}
		return err
	})
	all[name] = a
	if err == nil && r.live > maxLive {
		err = refusef("its constants have more than %d values", maxLive)
	}
	return err
}

// value reads a ValueInfoProto.
func (r *reader) value(data []byte) (v Value, err error) {
	err = fields(data, func(f field) (err error) {
		switch f.number {
		case 1:
			v.Name, err = r.text(f)
		case 2:
			v.Dims, err = r.shape(f.bytes)
		}
		return err
	})
	return v, err
}

// shape reads the dimensions of a TypeProto: TypeProto.tensor_type, .shape, .dim, .dim_value.
func (r *reader) shape(data []byte) (dims []int, err error) {
	err = nested(data, []int{1, 2, 1}, func(dim []byte) error {
		size := 0
		err := fields(dim, func(v field) error {
			if v.number == 1 {
				size = int(min(v.value, maxElements+1))
			}
			return nil
		})
		dims = append(dims, size)
		return err
	})
	if len(dims) > maxDims {
		err = refusef("a value has %d dimensions", len(dims))
	}
	return dims, err
}

// nested calls f for the messages at the end of a path of fields.
func nested(data []byte, path []int, f func([]byte) error) error {
	if len(path) == 0 {
		return f(data)
	}
	return fields(data, func(v field) error {
		if int(v.number) != path[0] {
			return nil
		}
		return nested(v.bytes, path[1:], f)
	})
}
