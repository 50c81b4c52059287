package export

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// Weights are the tensors of a network by name.
type Weights struct {
	data map[string][]float32
	eps  float64 // of batch norm
}

// WeightsOf gives those of a network.
func WeightsOf(net *supernet.Subnet) Weights {
	w := Weights{map[string][]float32{}, net.BNEps}
	for _, t := range net.Tensors() {
		w.data[t.Name] = t.Data
	}
	return w
}

// Fold gives the weight of an operation, in tailor's layout, with batch norm in it, and the bias
// that is then to be added, both computed in float64. Where nothing is to be added the bias is
// zeros. A zero of a weight stays one.
func (w Weights) Fold(o supernet.Op) (weight, bias []float32, err error) {
	data, err := w.get(o.Weight, int(o.Weights()))
	if err != nil {
		return nil, nil, err
	}
	a, err := w.after(o)
	if err != nil {
		return nil, nil, err
	}
	bias = make([]float32, o.Out.C)
	for c, v := range a.shift {
		bias[c] = float32(v)
	}
	return a.scaled(data), bias, nil
}

// scaled gives a weight, whose last dimension is the output's channels, with the scale in it.
func (a affine) scaled(data []float32) []float32 {
	out, channels := make([]float32, len(data)), len(a.scale)
	for i, v := range data {
		if v != 0 { // else a negative scale would make it -0
			out[i] = float32(float64(v) * a.scale[i%channels])
		}
	}
	return out
}

// get gives a tensor, which must have n values.
func (w Weights) get(name string, n int) ([]float32, error) {
	data := w.data[name]
	if len(data) != n {
		return nil, fmt.Errorf("weight %q has %d values, expected %d", name, len(data), n)
	}
	return data, nil
}

// affine is what follows a product, by channel of the output: out = product*scale + shift.
type affine struct{ scale, shift []float64 }

// after is what follows the weight of an operation: its bias, then its batch norm.
func (w Weights) after(o supernet.Op) (affine, error) {
	a := identity(o.Out.C)
	if o.Bias != "" {
		bias, err := w.get(o.Bias, o.Out.C)
		if err != nil {
			return affine{}, err
		}
		for c, v := range bias {
			a.shift[c] = float64(v)
		}
	}
	if o.Norm == "" {
		return a, nil
	}
	return w.norm(a, o.Norm)
}

// norm adds the batch norm of a name.
func (w Weights) norm(a affine, name string) (affine, error) {
	var parts [4][]float32
	for i, part := range []string{".weight", ".bias", ".mean", ".var"} {
		data, err := w.get(name+part, len(a.scale))
		if err != nil {
			return affine{}, err
		}
		parts[i] = data
	}
	for c := range a.scale {
		scale := float64(parts[0][c]) / math.Sqrt(float64(parts[3][c])+w.eps)
		a.shift[c] = (a.shift[c]-float64(parts[2][c]))*scale + float64(parts[1][c])
		a.scale[c] *= scale
	}
	return a, nil
}

// identity changes nothing.
func identity(channels int) affine {
	a := affine{make([]float64, channels), make([]float64, channels)}
	for c := range a.scale {
		a.scale[c] = 1
	}
	return a
}
