package onnxgraph

import "slices"

func same(_ *machine, _ *Node, args []*Tensor) (*Tensor, error) { return args[0], nil }

// cast keeps values: all are kept as numbers with fractions. Casts to whole numbers cut these off.
func cast(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	switch n.Int("to", 0) {
	case typeFloat, typeDouble, typeFloat16, typeBFloat16:
		return args[0], nil
	case typeInt32, typeInt64:
		return mapped(args[0], func(v float64) float64 { return float64(int64(v)) }), nil
	}
	return nil, refusef("to elements of type %d", n.Int("to", 0))
}

func constant(_ *machine, n *Node, _ []*Tensor) (*Tensor, error) {
	if t := n.ConstantValue(); t != nil {
		return t, nil
	}
	return nil, refusef("it has no value")
}

// ConstantValue is what a Constant node gives; nil if the node is none.
func (n *Node) ConstantValue() *Tensor {
	if n.Op != "Constant" {
		return nil
	}
	for name, a := range n.Attributes {
		switch name {
		case "value":
			return a.Tensor
		case "value_float":
			return &Tensor{nil, []float64{a.F}}
		case "value_int":
			return &Tensor{nil, []float64{float64(a.I)}}
		case "value_ints":
			t := &Tensor{[]int{len(a.Ints)}, nil}
			for _, v := range a.Ints {
				t.Data = append(t.Data, float64(v))
			}
			return t
		}
	}
	return nil
}

// reshaped gives a tensor another shape of as many elements.
func reshaped(x *Tensor, dims ...int) (*Tensor, error) {
	if n, ok := elements(dims); !ok || n != len(x.Data) {
		return nil, refusef("a tensor of shape %v cannot have the shape %v", x.Dims, dims)
	}
	return &Tensor{dims, x.Data}, nil
}

func flatten(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	axis := n.Int("axis", 1)
	dims := args[0].Dims
	if axis < 0 {
		axis += len(dims)
	}
	if axis < 0 || axis > len(dims) {
		return nil, refusef("axis %d of %v", axis, dims)
	}
	rows, _ := elements(dims[:axis])
	columns, _ := elements(dims[axis:])
	return reshaped(args[0], rows, columns)
}

func reshape(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x, dims := args[0], slices.Clone(n.Ints("shape"))
	if len(args) > 1 && args[1] != nil {
		dims = args[1].whole()
	}
	known, open := 1, -1
	for i, d := range dims {
		if d == 0 && n.Int("allowzero", 0) == 0 && i < len(x.Dims) {
			dims[i] = x.Dims[i]
		}
		if dims[i] == -1 {
			open = i
		} else if known *= dims[i]; known < 0 || known > maxElements {
			return nil, refusef("to %v", dims)
		}
	}
	if open >= 0 && known > 0 {
		dims[open] = len(x.Data) / known
	}
	return reshaped(x, dims...)
}

// axesOf are the axes that a node is about: an input from opset 13 on, an attribute before.
func axesOf(n *Node, args []*Tensor, rank int) ([]int, error) {
	axes := slices.Clone(n.Ints("axes"))
	if len(args) > 1 && args[1] != nil {
		axes = args[1].whole()
	}
	for i := range axes {
		if axes[i] < 0 {
			axes[i] += rank
		}
		if axes[i] < 0 || axes[i] >= rank {
			return nil, refusef("axes %v of %d", axes, rank)
		}
	}
	slices.Sort(axes)
	return slices.Compact(axes), nil
}

func squeeze(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	axes, err := axesOf(n, args, len(args[0].Dims))
	if err != nil {
		return nil, err
	}
	every := len(axes) == 0
	var dims []int
	for i, d := range args[0].Dims {
		if every && d == 1 || slices.Contains(axes, i) {
			continue
		}
		dims = append(dims, d)
	}
	return reshaped(args[0], dims...)
}

func unsqueeze(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	given := len(n.Ints("axes"))
	if len(args) > 1 && args[1] != nil {
		given = len(args[1].Data)
	}
	rank := len(args[0].Dims) + given
	axes, err := axesOf(n, args, rank)
	if err != nil || len(axes) != given {
		return nil, refusef("axes %v of %d", axes, rank)
	}
	dims := slices.Clone(args[0].Dims)
	for _, at := range axes {
		dims = slices.Insert(dims, min(at, len(dims)), 1)
	}
	return reshaped(args[0], dims...)
}

func transpose(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x := args[0]
	perm := n.Ints("perm")
	if sorted := slices.Sorted(slices.Values(perm)); len(perm) != len(x.Dims) ||
		!slices.Equal(sorted, counted(len(perm))) {
		return nil, refusef("order %v of the axes of %v", perm, x.Dims)
	}
	dims, from := make([]int, len(perm)), make([]int, len(perm))
	strides := steps(x.Dims, x.Dims)
	for i, p := range perm {
		dims[i], from[i] = x.Dims[p], strides[p]
	}
	y, err := made(dims...)
	if err != nil {
		return nil, err
	}
	for i := range y.Data {
		at, rest := 0, i
		for d := len(dims) - 1; d >= 0; d-- {
			at += rest % dims[d] * from[d]
			rest /= dims[d]
		}
		y.Data[i] = x.Data[at]
	}
	return y, nil
}

// counted is 0 to n-1.
func counted(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func shapeOf(_ *machine, _ *Node, args []*Tensor) (*Tensor, error) {
	t := &Tensor{Dims: []int{len(args[0].Dims)}}
	for _, d := range args[0].Dims {
		t.Data = append(t.Data, float64(d))
	}
	return t, nil
}

// vector says whether a tensor is a list of numbers, as of a shape, or one number.
func (t *Tensor) vector() bool { return len(t.Dims) <= 1 && len(t.Data) <= maxDims }

// concat is known for lists of numbers.
func concat(_ *machine, _ *Node, args []*Tensor) (*Tensor, error) {
	t := &Tensor{}
	for _, a := range args {
		if a == nil || len(a.Dims) != 1 || !a.vector() {
			return nil, refusef("it is known for shapes alone")
		}
		t.Data = append(t.Data, a.Data...)
	}
	t.Dims = []int{len(t.Data)}
	return t, nil
}

// gather is known for lists of numbers.
func gather(_ *machine, _ *Node, args []*Tensor) (*Tensor, error) {
	x, at := args[0], args[1]
	if len(x.Dims) != 1 || !x.vector() || !at.vector() {
		return nil, refusef("it is known for shapes alone")
	}
	t := &Tensor{Dims: at.Dims}
	for _, i := range at.whole() {
		if i < 0 {
			i += len(x.Data)
		}
		if i < 0 || i >= len(x.Data) {
			return nil, refusef("element %d of %d", i, len(x.Data))
		}
		t.Data = append(t.Data, x.Data[i])
	}
	return t, nil
}

// slice is known for lists of numbers, with step 1.
func slice(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x := args[0]
	starts, ends := n.Ints("starts"), n.Ints("ends")
	if len(args) > 2 && args[1] != nil && args[2] != nil {
		starts, ends = args[1].whole(), args[2].whole()
	}
	step := 1
	if len(args) > 4 && args[4] != nil && len(args[4].Data) == 1 {
		step = int(args[4].Data[0])
	}
	if len(x.Dims) != 1 || !x.vector() || len(starts) != 1 || len(ends) != 1 || step != 1 {
		return nil, refusef("it is known for shapes alone")
	}
	bound := func(i int) int {
		if i < 0 {
			i += len(x.Data)
		}
		return max(0, min(i, len(x.Data)))
	}
	from, to := bound(starts[0]), bound(ends[0])
	data := x.Data[from:max(from, to)]
	return &Tensor{[]int{len(data)}, data}, nil
}

// pad puts zeros around maps.
func pad(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x := args[0]
	p, err := n.Zeros(func(i int) *Tensor {
		if i < len(args) {
			return args[i]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(x.Dims) != 4 {
		return nil, refusef("zeros around %v", x.Dims)
	}
	h, w := x.Dims[2], x.Dims[3]
	y, err := made(x.Dims[0], x.Dims[1], h+p[0]+p[2], w+p[1]+p[3])
	if err != nil {
		return nil, err
	}
	for i := range x.Dims[0] * x.Dims[1] {
		for r := range h {
			to := y.Data[(i*y.Dims[2]+r+p[0])*y.Dims[3]+p[1]:]
			copy(to, x.Data[(i*h+r)*w:][:w])
		}
	}
	return y, nil
}

// Zeros are what a Pad node puts around maps: above, left, below and right. Anything else is
// refused.
func (n *Node) Zeros(constant func(i int) *Tensor) (p [4]int, err error) {
	pads := n.Ints("pads")
	if t := constant(1); t != nil {
		pads = t.whole()
	}
	value := n.Float("value", 0)
	if t := constant(2); t != nil && len(t.Data) == 1 {
		value = t.Data[0]
	}
	mode := n.Attributes["mode"].S
	if len(pads) != 8 || value != 0 || mode != "" && mode != "constant" || constant(3) != nil ||
		!slices.Equal(pads[:2], []int{0, 0}) || !slices.Equal(pads[4:6], []int{0, 0}) {
		return p, refusef("pads %v with %v (%s): known are zeros around maps", pads, value,
			clipped(mode))
	}
	p = [4]int{pads[2], pads[3], pads[6], pads[7]}
	for _, v := range p {
		if v < 0 || v > maxSide {
			return p, refusef("pads %v", pads)
		}
	}
	return p, nil
}
