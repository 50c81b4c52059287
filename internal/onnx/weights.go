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

// affine is what follows a product, by channel of the output: out = product*scale + shift.
type affine struct{ scale, shift []float64 }

// norm is the batch norm of a name, as such a thing.
func (w weights) norm(name string, channels int) (affine, error) {
	var parts [4][]float32
	for i, part := range []string{".weight", ".bias", ".mean", ".var"} {
		data, err := w.get(name+part, channels)
		if err != nil {
			return affine{}, err
		}
		parts[i] = data
	}
	a := affine{make([]float64, channels), make([]float64, channels)}
	for c := range channels {
		a.scale[c] = float64(parts[0][c]) / math.Sqrt(float64(parts[3][c])+w.eps)
		a.shift[c] = float64(parts[1][c]) - float64(parts[2][c])*a.scale[c]
	}
	return a, nil
}

// bias is one without scaling.
func (w weights) bias(name string, channels int) (affine, error) {
	data, err := w.get(name, channels)
	if err != nil {
		return affine{}, err
	}
	a := affine{make([]float64, channels), make([]float64, channels)}
	for c, v := range data {
		a.scale[c], a.shift[c] = 1, float64(v)
	}
	return a, nil
}

// offset is the shift in 32 bits; nil where there is nothing to add.
func (a affine) offset() []float32 {
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
