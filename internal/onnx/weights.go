package onnx

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// weights are the tensors of a network by name.
type weights struct {
	data map[string][]float32
	eps  float64 // of batch norm
}

func weightsOf(net *supernet.Subnet) weights {
	w := weights{map[string][]float32{}, net.BNEps}
	for _, t := range net.Tensors() {
		w.data[t.Name] = t.Data
	}
	return w
}

// get gives a tensor, which must have n values.
func (w weights) get(name string, n int) ([]float32, error) {
	data := w.data[name]
	if len(data) != n {
		return nil, fmt.Errorf("weight %q has %d values, expected %d", name, len(data), n)
	}
	return data, nil
}

// folded gives the weight of an operation in ONNX's layout, with batch norm in it, and the bias; nil
// where there is none.
func (w weights) folded(o supernet.Op) (weight, bias []float32, err error) {
	data, err := w.get(o.Weight, int(o.Weights()))
	if err != nil {
		return nil, nil, err
	}
	a, err := w.after(o)
	if err != nil {
		return nil, nil, err
	}
	switch pixels := max(o.Kernel*o.Kernel, 1); o.Kind {
	case supernet.OpDepthwise:
		weight = a.depthwise(data, pixels, o.Out.C)
	case supernet.OpLinear:
		weight = a.dense(data, o.In.H*o.In.W, o.In.C, o.Out.C)
	default:
		weight = a.dense(data, pixels, o.In.C, o.Out.C)
	}
	return weight, a.bias(), nil
}

// affine is what follows a product, by channel of the output: out = product*scale + shift. What is
// nil is not done.
type affine struct{ scale, shift []float64 }

// after is what follows the product of an operation: bias, then batch norm.
func (w weights) after(o supernet.Op) (affine, error) {
	var a affine
	if o.Bias != "" {
		bias, err := w.get(o.Bias, o.Out.C)
		if err != nil {
			return affine{}, err
		}
		a.shift = make([]float64, o.Out.C)
		for c, v := range bias {
			a.shift[c] = float64(v)
		}
	}
	if o.Norm == "" {
		return a, nil
	}
	return w.norm(a, o)
}

// norm puts batch norm behind what is done already.
func (w weights) norm(a affine, o supernet.Op) (affine, error) {
	var parts [4][]float32
	for i, part := range []string{".weight", ".bias", ".mean", ".var"} {
		data, err := w.get(o.Norm+part, o.Out.C)
		if err != nil {
			return affine{}, err
		}
		parts[i] = data
	}
	normed := affine{make([]float64, o.Out.C), make([]float64, o.Out.C)}
	for c := range o.Out.C {
		before := 0.0
		if a.shift != nil {
			before = a.shift[c]
		}
		scale := float64(parts[0][c]) / math.Sqrt(float64(parts[3][c])+w.eps)
		normed.scale[c] = scale
		normed.shift[c] = float64(parts[1][c]) + (before-float64(parts[2][c]))*scale
	}
	return normed, nil
}

// bias is the shift in 32 bits.
func (a affine) bias() []float32 {
	if a.shift == nil {
		return nil
	}
	out := make([]float32, len(a.shift))
	for c, v := range a.shift {
		out[c] = float32(v)
	}
	return out
}

// scaled is a weight of an output channel with the scale in it. A zero stays one.
func (a affine) scaled(v float32, c int) float32 {
	if a.scale == nil || v == 0 {
		return v
	}
	return float32(float64(v) * a.scale[c])
}

// dense turns (height,width,in,out) into ONNX's (out,in,height,width). A linear layer on a map has
// the map's sides in the place of the kernel's.
func (a affine) dense(data []float32, pixels, in, out int) []float32 {
	turned := make([]float32, len(data))
	for p := range pixels {
		for i := range in {
			for o := range out {
				turned[(o*in+i)*pixels+p] = a.scaled(data[(p*in+i)*out+o], o)
			}
		}
	}
	return turned
}

// depthwise turns (height,width,channels) into ONNX's (channels,1,height,width).
func (a affine) depthwise(data []float32, pixels, channels int) []float32 {
	turned := make([]float32, len(data))
	for p := range pixels {
		for c := range channels {
			turned[c*pixels+p] = a.scaled(data[p*channels+c], c)
		}
	}
	return turned
}
