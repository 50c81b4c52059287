package onnx

import (
	"github.com/tailor-nas/tailor/supernet"
)

// conv adds a convolution, with a weight in ONNX's layout and a bias that may be nil. An operation
// without a kernel is one of 1x1.
func (g *graph) conv(x value, o supernet.Op, weight, bias []float32) value {
	k, s := int64(max(o.Kernel, 1)), int64(max(o.Stride, 1))
	in, out, group := int64(o.In.C), int64(o.Out.C), int64(1)
	if o.Kind == supernet.OpDepthwise {
		group = in
	}
	inputs := g.parameters(x, o, weight, bias, out, in/group, k, k)
	p := o.Pads
	pads := integers("pads", int64(p.Top), int64(p.Left), int64(p.Bottom), int64(p.Right))
	return g.node("Conv", o.Name, g.mapOf(o.Out), inputs, integers("dilations", 1, 1),
		integer("group", group), integers("kernel_shape", k, k), pads, integers("strides", s, s))
}

// linear adds a product. A map is made a vector first: its values are then in the order
// (channels,height,width), as the weight must be.
func (g *graph) linear(x value, o supernet.Op, weight, bias []float32) value {
	in, out := int64(o.In.Len()), int64(o.Out.C)
	if x.isMap() {
		flat := []int64{g.batch, in}
		x = g.node("Flatten", o.Name+".flatten", flat, []string{x.name}, integer("axis", 1))
	}
	inputs := g.parameters(x, o, weight, bias, out, in)
	return g.node("Gemm", o.Name, []int64{g.batch, out}, inputs, integer("transB", 1))
}

// parameters adds weight and bias as constants, and gives the inputs of the operation.
func (g *graph) parameters(x value, o supernet.Op, weight, bias []float32, dims ...int64) []string {
	inputs := []string{x.name, g.constant(o.Name+".weight", weight, dims...)}
	if bias != nil {
		inputs = append(inputs, g.constant(o.Name+".bias", bias, int64(len(bias))))
	}
	return inputs
}

// act adds an activation; the empty one is none.
func (g *graph) act(x value, act supernet.Act) (value, error) {
	name := x.name + "." + string(act)
	switch act {
	case "":
		return x, nil
	case supernet.ReLU:
		return g.node("Relu", name, x.dims, []string{x.name}), nil
	case supernet.ReLU6:
		low, high := g.constant(name+".min", []float32{0}), g.constant(name+".max", []float32{6})
		return g.node("Clip", name, x.dims, []string{x.name, low, high}), nil
	case supernet.HSwish:
		return g.hardSwish(x, name), nil
	case supernet.HSigmoid:
		return g.hardSigmoid(x, name), nil
	case supernet.Sigmoid:
		return g.node("Sigmoid", name, x.dims, []string{x.name}), nil
	case supernet.SiLU:
		return g.silu(x, name), nil
	}
	return value{}, unknown("activation", act)
}

// hardSwish is x * relu6(x+3) / 6. Opset 14 brought an operator of it.
func (g *graph) hardSwish(x value, name string) value {
	if g.opset >= 14 {
		return g.node("HardSwish", name, x.dims, []string{x.name})
	}
	gate := g.hardSigmoid(x, name+".gate")
	return g.node("Mul", name, x.dims, []string{gate.name, x.name})
}

// silu is x * sigmoid(x): ONNX has no operator of it before opset 24.
func (g *graph) silu(x value, name string) value {
	gate := g.node("Sigmoid", name+".gate", x.dims, []string{x.name})
	return g.node("Mul", name, x.dims, []string{gate.name, x.name})
}

// hardSigmoid is relu6(x+3) / 6. Without alpha, ONNX would take 0.2.
func (g *graph) hardSigmoid(x value, name string) value {
	alpha, beta := number("alpha", 1./6), number("beta", 0.5)
	return g.node("HardSigmoid", name, x.dims, []string{x.name}, alpha, beta)
}

// multiply scales the channels of a map with a gate of (N,C,1,1). The gate is the first factor:
// OpenCV (4.6) computes the other order wrongly.
func (g *graph) multiply(x, gate value, o supernet.Op) value {
	return g.node("Mul", o.Name, x.dims, []string{gate.name, x.name})
}

func (g *graph) mean(x value, o supernet.Op) value {
	return g.node("GlobalAveragePool", o.Name, g.mapOf(o.Out), []string{x.name})
}

func (g *graph) maxPool(x value, o supernet.Op) value {
	k, s := int64(o.Kernel), int64(o.Stride)
	return g.node("MaxPool", o.Name, g.mapOf(o.Out), []string{x.name},
		integers("kernel_shape", k, k), integers("strides", s, s))
}

func (g *graph) add(x, y value, o supernet.Op) value {
	return g.node("Add", o.Name, x.dims, []string{x.name, y.name})
}

// mapOf is a shape as ONNX has it.
func (g *graph) mapOf(s supernet.Shape) []int64 {
	return []int64{g.batch, int64(s.C), int64(s.H), int64(s.W)}
}
