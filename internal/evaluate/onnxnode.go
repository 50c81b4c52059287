package evaluate

import (
	"slices"

	"github.com/tailor-nas/tailor/internal/onnx/pb"
)

// step adds what a node computes.
func (r *onnxReader) step(n *pb.NodeProto, a attributes) (int, error) {
	x, err := r.value(n, 0)
	if err != nil {
		return 0, err
	}
	if want := operands[n.OpType]; len(n.Input) < want[0] || len(n.Input) > want[1] {
		return 0, refusef("it is not one that tailor writes, with %d inputs", len(n.Input))
	}
	switch n.OpType {
	case "Conv":
		return r.convolution(n, a, x)
	case "Gemm":
		return r.gemm(n, a, x)
	case "MaxPool":
		w, err := a.window(r.shapes[x], nil)
		if err != nil {
			return 0, err
		}
		return r.maxPool(x, w)
	case "GlobalAveragePool":
		return r.mean(x)
	case "Flatten":
		return r.flatten(a, x)
	case "Add", "Mul":
		y, err := r.value(n, 1)
		if err != nil {
			return 0, err
		}
		return r.join(x, y, map[string]func(a, b float64) float64{"Add": sum,
			"Mul": product}[n.OpType])
	}
	f, err := r.activation(n, a)
	if err != nil {
		return 0, err
	}
	return r.each(x, f)
}

// operands are how many inputs an operator has, at least and at most.
var operands = map[string][2]int{
	"Conv": {2, 3}, "Gemm": {2, 3}, "MaxPool": {1, 1}, "GlobalAveragePool": {1, 1},
	"Flatten": {1, 1}, "Add": {2, 2}, "Mul": {2, 2}, "Clip": {3, 3}, "Relu": {1, 1},
	"HardSigmoid": {1, 1}, "HardSwish": {1, 1}, "Sigmoid": {1, 1},
}

// activation is a function of each value.
func (r *onnxReader) activation(n *pb.NodeProto, a attributes) (func(float64) float64, error) {
	switch n.OpType {
	case "Relu":
		return func(v float64) float64 { return max(v, 0) }, nil
	case "Clip":
		low, _, err := r.weights(n, 1)
		if err != nil {
			return nil, err
		}
		high, _, err := r.weights(n, 2)
		if err != nil || len(low) != 1 || len(high) != 1 {
			return nil, refusef("its bounds are no numbers")
		}
		return clip(low[0], high[0]), nil
	case "HardSigmoid":
		alpha, beta := a.number("alpha", 0.2), a.number("beta", 0.5)
		return func(v float64) float64 { return max(0, min(1, alpha*v+beta)) }, nil
	case "Sigmoid":
		return sigmoid, nil
	case "HardSwish":
		if r.opset >= 14 {
			return hardSwish, nil
		}
	}
	return nil, refusef("it is not one that tailor writes for opset %d", r.opset)
}

// bias is the third input, or zeros.
func (r *onnxReader) bias(n *pb.NodeProto, channels int) ([]float64, error) {
	if len(n.Input) < 3 {
		return make([]float64, channels), nil
	}
	bias, dims, err := r.weights(n, 2)
	if err == nil && !slices.Equal(dims, []int{channels}) {
		err = refusef("its bias has the shape %v, expected %d values", dims, channels)
	}
	return bias, err
}

// convolution reads weights (out,in,height,width), or (channels,1,height,width) of groups.
func (r *onnxReader) convolution(n *pb.NodeProto, a attributes, x int) (int, error) {
	weight, dims, err := r.weights(n, 1)
	if err != nil {
		return 0, err
	}
	if len(dims) != 4 {
		return 0, refusef("its weight has the shape %v", dims)
	}
	bias, err := r.bias(n, dims[0])
	if err != nil {
		return 0, err
	}
	w, err := a.window(r.shapes[x], dims[2:])
	if err != nil {
		return 0, err
	}
	places, channels, group := dims[2]*dims[3], r.shapes[x][2], a.number("group", 1)
	switch {
	case group == 1 && dims[1] == channels:
		return r.conv(x, w, innerLast(weight, dims[0], channels, places), bias)
	case int(group) == channels && dims[0] == channels && dims[1] == 1:
		return r.depthwise(x, w, innerLast(weight, 1, channels, places), bias)
	}
	return 0, refusef("%g groups and weights %v of %d channels", group, dims, channels)
}

// innerLast turns (outer,inner,places) into (outer,places,inner).
func innerLast(data []float64, outer, inner, places int) []float64 {
	turned := make([]float64, len(data))
	for o := range outer {
		for i := range inner {
			for p := range places {
				turned[(o*places+p)*inner+i] = data[(o*inner+i)*places+p]
			}
		}
	}
	return turned
}

// gemm reads weights (out,in).
func (r *onnxReader) gemm(n *pb.NodeProto, a attributes, x int) (int, error) {
	weight, dims, err := r.weights(n, 1)
	if err != nil {
		return 0, err
	}
	if len(dims) != 2 || a.number("transB", 0) != 1 || len(r.shapes[x]) != 1 {
		return 0, refusef("a product of %v with weights %v", r.shapes[x], dims)
	}
	bias, err := r.bias(n, dims[0])
	if err != nil {
		return 0, err
	}
	return r.linear(x, weight, bias)
}

// flatten makes a vector of a map, in the order (channels,height,width).
func (r *onnxReader) flatten(a attributes, x int) (int, error) {
	s := r.shapes[x]
	if a.number("axis", 1) != 1 || len(s) != 3 {
		return 0, refusef("it makes a vector of %v", s)
	}
	run := func(args []value) []float64 { return innerLast(args[0].data, 1, s[0]*s[1], s[2]) }
	n, _ := length(s)
	return r.add([]int{n}, 1, run, x)
}
