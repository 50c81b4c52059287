package tflite

import (
	"math"
	"testing"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

// evaluation runs a file in float64, by what TFLite's documentation says of each operator, in the
// plainest way.
type evaluation struct {
	*file
	t      testing.TB
	values [][]float64
}

// evaluate gives the output for an input.
func (f *file) evaluate(t testing.TB, input []float64) []float64 {
	t.Helper()
	e := evaluation{f, t, make([][]float64, len(f.tensors))}
	for i, c := range f.tensors {
		e.values[i] = c.constants()
	}
	e.values[f.in] = input
	for _, op := range f.operators {
		out := e.operator(op)
		if want := f.tensors[op.out[0]].len(); len(out) != want {
			t.Fatalf("%v gives %d values for %q, expected %d", op.code, len(out),
				f.tensors[op.out[0]].name, want)
		}
		e.values[op.out[0]] = out
	}
	return e.values[f.out]
}

func (e *evaluation) operator(op readOperator) []float64 {
	switch op.code {
	case schema.BuiltinOperatorCONV_2D:
		var o schema.Conv2DOptions
		o.Init(op.options.Bytes, op.options.Pos)
		return act(o.FusedActivationFunction(), e.conv(op, int(o.StrideH()), o.Padding(), false))
	case schema.BuiltinOperatorDEPTHWISE_CONV_2D:
		var o schema.DepthwiseConv2DOptions
		o.Init(op.options.Bytes, op.options.Pos)
		if o.DepthMultiplier() != 1 {
			e.t.Errorf("depth multiplier %d", o.DepthMultiplier())
		}
		return act(o.FusedActivationFunction(), e.conv(op, int(o.StrideH()), o.Padding(), true))
	case schema.BuiltinOperatorMAX_POOL_2D:
		return e.maxPool(op)
	case schema.BuiltinOperatorFULLY_CONNECTED:
		var o schema.FullyConnectedOptions
		o.Init(op.options.Bytes, op.options.Pos)
		return act(o.FusedActivationFunction(), e.fullyConnected(op))
	case schema.BuiltinOperatorADD:
		var o schema.AddOptions
		o.Init(op.options.Bytes, op.options.Pos)
		sum := e.broadcast(op, func(a, b float64) float64 { return a + b })
		return act(o.FusedActivationFunction(), sum)
	case schema.BuiltinOperatorMUL:
		return e.broadcast(op, func(a, b float64) float64 { return a * b })
	case schema.BuiltinOperatorMEAN:
		return e.mean(op)
	case schema.BuiltinOperatorPAD:
		return e.pad(op)
	case schema.BuiltinOperatorHARD_SWISH:
		return each(e.values[op.in[0]], func(v float64) float64 {
			return v * min(max(v+3, 0), 6) / 6
		})
	case schema.BuiltinOperatorLOGISTIC:
		return each(e.values[op.in[0]], func(v float64) float64 { return 1 / (1 + math.Exp(-v)) })
	case schema.BuiltinOperatorSOFTMAX:
		var sum float64
		exp := each(e.values[op.in[0]], math.Exp)
		for _, v := range exp {
			sum += v
		}
		return each(exp, func(v float64) float64 { return v / sum })
	case schema.BuiltinOperatorCAST:
		return e.values[op.in[0]]
	}
	e.t.Fatalf("operator %v", op.code)
	return nil
}

func each(v []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = f(x)
	}
	return out
}

func act(a schema.ActivationFunctionType, v []float64) []float64 {
	switch a {
	case schema.ActivationFunctionTypeRELU:
		return each(v, func(v float64) float64 { return max(v, 0) })
	case schema.ActivationFunctionTypeRELU6:
		return each(v, func(v float64) float64 { return min(max(v, 0), 6) })
	}
	return v
}

// sides gives the output side and the padding before it, by TensorFlow's formulas.
func sides(in, kernel, stride int, p schema.Padding) (out, before int) {
	if p == schema.PaddingVALID {
		return (in - kernel + stride) / stride, 0
	}
	out = (in + stride - 1) / stride
	return out, max((out-1)*stride+kernel-in, 0) / 2
}

// windows calls f with every pixel of the input under every place of every window. Pixels and
// places count row by row.
func (e *evaluation) windows(op readOperator, kh, kw, stride int, p schema.Padding,
	f func(out, in, place int)) {
	in := e.tensors[op.in[0]].shape
	outH, top := sides(in[1], kh, stride, p)
	outW, left := sides(in[2], kw, stride, p)
	if out := e.tensors[op.out[0]].shape; out[1] != outH || out[2] != outW {
		e.t.Fatalf("%q is %v, expected %dx%d", e.tensors[op.out[0]].name, out, outH, outW)
	}
	for o := range outH * outW {
		for k := range kh * kw {
			y, x := o/outW*stride+k/kw-top, o%outW*stride+k%kw-left
			if y >= 0 && y < in[1] && x >= 0 && x < in[2] {
				f(o, y*in[2]+x, k)
			}
		}
	}
}

func (e *evaluation) conv(op readOperator, stride int, p schema.Padding, depthwise bool) []float64 {
	x, w, bias := e.values[op.in[0]], e.values[op.in[1]], e.values[op.in[2]]
	shape := e.tensors[op.in[1]].shape // (out,height,width,in), or (1,height,width,channels)
	out, in := e.tensors[op.out[0]].shape, e.tensors[op.in[0]].shape[3]
	pixels, channels := out[1]*out[2], out[3]
	y := make([]float64, 0, pixels*channels)
	for range pixels {
		y = append(y, bias...)
	}
	e.windows(op, shape[1], shape[2], stride, p, func(o, i, k int) {
		for c := range channels {
			if depthwise {
				y[o*channels+c] += x[i*in+c] * w[k*channels+c]
				continue
			}
			from := w[(c*shape[1]*shape[2]+k)*in:][:in]
			for j, v := range from {
				y[o*channels+c] += x[i*in+j] * v
			}
		}
	})
	return y
}

func (e *evaluation) maxPool(op readOperator) []float64 {
	var o schema.Pool2DOptions
	o.Init(op.options.Bytes, op.options.Pos)
	out, x := e.tensors[op.out[0]], e.values[op.in[0]]
	y, c := make([]float64, out.len()), out.shape[3]
	for i := range y {
		y[i] = math.Inf(-1)
	}
	h, w, s := int(o.FilterHeight()), int(o.FilterWidth()), int(o.StrideH())
	e.windows(op, h, w, s, o.Padding(), func(o, i, _ int) {
		for j := range c {
			y[o*c+j] = max(y[o*c+j], x[i*c+j])
		}
	})
	return y
}

func (e *evaluation) fullyConnected(op readOperator) []float64 {
	x, w, bias := e.values[op.in[0]], e.values[op.in[1]], e.values[op.in[2]]
	if got := e.tensors[op.in[1]].shape[1]; got != len(x) {
		e.t.Fatalf("%q takes %d values, there are %d", e.tensors[op.out[0]].name, got, len(x))
	}
	y := append([]float64(nil), bias...)
	for o := range y {
		for i, v := range x {
			y[o] += v * w[o*len(x)+i]
		}
	}
	return y
}

// broadcast joins two tensors of which the second is repeated along what it lacks, or has as 1.
func (e *evaluation) broadcast(op readOperator, f func(a, b float64) float64) []float64 {
	a, b := e.values[op.in[0]], e.values[op.in[1]]
	if n := e.tensors[op.in[1]].shape; len(b) != len(a) && len(b) != n[len(n)-1] {
		e.t.Fatalf("a tensor of shape %v does not spread", n)
	}
	out := make([]float64, len(a))
	for i, v := range a {
		out[i] = f(v, b[i%len(b)])
	}
	return out
}

func (e *evaluation) mean(op readOperator) []float64 {
	var o schema.ReducerOptions
	o.Init(op.options.Bytes, op.options.Pos)
	if axes := e.values[op.in[1]]; len(axes) != 2 || axes[0] != 1 || axes[1] != 2 || !o.KeepDims() {
		e.t.Fatalf("mean over %v, dimensions stay: %v", axes, o.KeepDims())
	}
	x, s := e.values[op.in[0]], e.tensors[op.in[0]].shape
	y := make([]float64, s[3])
	for i, v := range x {
		y[i%s[3]] += v / float64(s[1]*s[2])
	}
	return y
}

func (e *evaluation) pad(op readOperator) []float64 {
	x, s, out := e.values[op.in[0]], e.tensors[op.in[0]].shape, e.tensors[op.out[0]].shape
	by := e.values[op.in[1]] // (4,2): before and after
	if by[0] != 0 || by[1] != 0 || by[6] != 0 || by[7] != 0 {
		e.t.Fatalf("padding %v", by)
	}
	top, left := int(by[2]), int(by[4])
	if out[1] != s[1]+top+int(by[3]) || out[2] != s[2]+left+int(by[5]) {
		e.t.Fatalf("padding %v of %v gives %v", by, s, out)
	}
	y := make([]float64, out[1]*out[2]*out[3])
	for p := range s[1] * s[2] {
		at := (p/s[2]+top)*out[2] + p%s[2] + left
		copy(y[at*s[3]:][:s[3]], x[p*s[3]:])
	}
	return y
}
