package onnx

import (
	"github.com/tailor-nas/tailor/supernet"
)

// convolution is one to add: padding is top, left, bottom, right.
type convolution struct {
	name      string
	kernel    int
	stride    int
	pads      [4]int64
	out       supernet.Shape
	depthwise bool
	affine    affine
}

// conv adds a convolution of x with a weight in tailor's layout.
func (g *graph) conv(x value, data []float32, c convolution) value {
	k, in, out := int64(c.kernel), x.dims[1], int64(c.out.C)
	group := int64(1)
	var turned []float32
	if c.depthwise {
		turned, group = c.affine.depthwise(data, c.kernel*c.kernel, c.out.C), in
	} else {
		turned = c.affine.dense(data, c.kernel*c.kernel, int(in), c.out.C)
	}
	inputs := []string{x.name, g.constant(c.name+".weight", turned, out, in/group, k, k)}
	if bias := c.affine.offset(); bias != nil {
		inputs = append(inputs, g.constant(c.name+".bias", bias, out))
	}
	return g.node("Conv", c.name, mapOf(c.out), inputs,
		integers("dilations", 1, 1), integer("group", group), integers("kernel_shape", k, k),
		integers("pads", c.pads[:]...), integers("strides", int64(c.stride), int64(c.stride)))
}

// linear adds a product with a weight (in,out). A map is made a vector first: its values are then
// in the order (channels,height,width), and so are the rows of the weight.
func (g *graph) linear(x value, data []float32, name string, out int, a affine) value {
	pixels, in := 1, int(x.dims[1])
	if x.isMap() {
		pixels = int(x.dims[2] * x.dims[3])
		dims := []int64{1, int64(in * pixels)}
		x = g.node("Flatten", name+".flatten", dims, []string{x.name}, integer("axis", 1))
	}
	turned := a.dense(data, pixels, in, out)
	inputs := []string{x.name, g.constant(name+".weight", turned, int64(out), int64(in*pixels))}
	if bias := a.offset(); bias != nil {
		inputs = append(inputs, g.constant(name+".bias", bias, int64(out)))
	}
	return g.node("Gemm", name, []int64{1, int64(out)}, inputs, integer("transB", 1))
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

// hardSigmoid is relu6(x+3) / 6. Without alpha, ONNX would take 0.2.
func (g *graph) hardSigmoid(x value, name string) value {
	alpha, beta := number("alpha", 1./6), number("beta", 0.5)
	return g.node("HardSigmoid", name, x.dims, []string{x.name}, alpha, beta)
}

// scale multiplies the channels of a map with a gate of (1,C,1,1). The gate is the first factor:
// OpenCV (4.6) computes the other order wrongly.
func (g *graph) scale(gate, x value, name string) value {
	return g.node("Mul", name, x.dims, []string{gate.name, x.name})
}

func (g *graph) globalPool(x value, name string) value {
	return g.node("GlobalAveragePool", name, []int64{1, x.dims[1], 1, 1}, []string{x.name})
}

func (g *graph) maxPool(x value, name string, kernel, stride int, out supernet.Shape) value {
	k, s := int64(kernel), int64(stride)
	return g.node("MaxPool", name, mapOf(out), []string{x.name},
		integers("kernel_shape", k, k), integers("pads", 0, 0, 0, 0), integers("strides", s, s))
}

func (g *graph) add(x, y value, name string) value {
	return g.node("Add", name, x.dims, []string{x.name, y.name})
}

// mapOf is a shape as ONNX has it.
func mapOf(s supernet.Shape) []int64 { return []int64{1, int64(s.C), int64(s.H), int64(s.W)} }
