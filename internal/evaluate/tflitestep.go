package evaluate

import (
	"encoding/binary"
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

// tfliteOperator is one operator of a graph.
type tfliteOperator struct {
	*tfliteReader
	op   *schema.Operator
	code schema.BuiltinOperator
}

// step adds what the operator computes, with the activation that is part of it.
func (o tfliteOperator) step() (int, error) {
	if want := tfliteOperands[o.code]; o.op.InputsLength() != want {
		return 0, refusef("it is not one that tailor writes, with %d inputs", o.op.InputsLength())
	}
	x, err := o.computed(0)
	if err != nil {
		return 0, err
	}
	switch o.code {
	case schema.BuiltinOperatorCONV_2D, schema.BuiltinOperatorDEPTHWISE_CONV_2D:
		return o.convolution(x)
	case schema.BuiltinOperatorMAX_POOL_2D:
		return o.pooling(x)
	case schema.BuiltinOperatorFULLY_CONNECTED:
		return o.fullyConnected(x)
	case schema.BuiltinOperatorADD:
		var t schema.AddOptions
		return o.activated(o.options(&t, schema.BuiltinOptionsAddOptions),
			t.FusedActivationFunction, func() (int, error) { return o.joined(x, sum) })
	case schema.BuiltinOperatorMUL:
		var t schema.MulOptions
		return o.activated(o.options(&t, schema.BuiltinOptionsMulOptions),
			t.FusedActivationFunction, func() (int, error) { return o.joined(x, product) })
	case schema.BuiltinOperatorMEAN:
		return o.globalMean(x)
	case schema.BuiltinOperatorPAD:
		return o.padded(x)
	case schema.BuiltinOperatorLOGISTIC:
		return o.each(x, sigmoid)
	}
	return o.each(x, hardSwish)
}

// tfliteOperands are how many inputs an operator has.
var tfliteOperands = map[schema.BuiltinOperator]int{
	schema.BuiltinOperatorCONV_2D: 3, schema.BuiltinOperatorDEPTHWISE_CONV_2D: 3,
	schema.BuiltinOperatorMAX_POOL_2D: 1, schema.BuiltinOperatorFULLY_CONNECTED: 3,
	schema.BuiltinOperatorADD: 2, schema.BuiltinOperatorMUL: 2, schema.BuiltinOperatorMEAN: 2,
	schema.BuiltinOperatorPAD: 2, schema.BuiltinOperatorHARD_SWISH: 1,
	schema.BuiltinOperatorLOGISTIC: 1,
}

// options reads the operator's table of a kind.
func (o tfliteOperator) options(into interface {
	Init(buf []byte, i flatbuffers.UOffsetT)
}, kind schema.BuiltinOptions) error {
	var t flatbuffers.Table
	if o.op.BuiltinOptionsType() != kind || !o.op.BuiltinOptions(&t) {
		return refusef("it lacks its options")
	}
	into.Init(t.Bytes, t.Pos)
	return nil
}

// activated adds a step and its activation, once its options could be read.
func (o tfliteOperator) activated(err error, act func() schema.ActivationFunctionType,
	add func() (int, error)) (int, error) {
	if err != nil {
		return 0, err
	}
	x, err := add()
	if err != nil {
		return 0, err
	}
	switch a := act(); a {
	case schema.ActivationFunctionTypeNONE:
		return x, nil
	case schema.ActivationFunctionTypeRELU:
		return o.each(x, func(v float64) float64 { return max(v, 0) })
	case schema.ActivationFunctionTypeRELU6:
		return o.each(x, clip(0, 6))
	default:
		return 0, refusef("its activation is %v", a)
	}
}

// computed is the place of an input that is computed.
func (o tfliteOperator) computed(i int) (int, error) {
	t, err := o.at(int(o.op.Inputs(i)))
	if err == nil && !t.filled {
		err = refusef("its input %d is not computed before it", i)
	}
	if err != nil {
		return 0, err
	}
	return t.place, nil
}

// constants are the values and the shape of an input that is a constant.
func (o tfliteOperator) constants(i int) ([]float64, []int, error) {
	t, err := o.at(int(o.op.Inputs(i)))
	if err != nil {
		return nil, nil, err
	}
	n, ok := elements(t.shape)
	if !ok || t.kind != schema.TensorTypeFLOAT32 || t.filled || len(t.data) == 0 {
		return nil, nil, refusef("its input %d is no constant of float32", i)
	}
	data, err := o.floats(t.data, n)
	return data, t.shape, err
}

// integers are those of an input that is a constant of so many.
func (o tfliteOperator) integers(i, n int) (all []int, err error) {
	t, err := o.at(int(o.op.Inputs(i)))
	if err != nil {
		return nil, err
	}
	if t.kind != schema.TensorTypeINT32 || len(t.data) != 4*n {
		return nil, refusef("its input %d is no constant of %d whole numbers", i, n)
	}
	for b := range slices.Chunk(t.data, 4) {
		all = append(all, int(int32(binary.LittleEndian.Uint32(b))))
	}
	return all, nil
}

// weights are the second and the third input: as many biases as channels come out.
func (o tfliteOperator) weights() (weight, bias []float64, shape []int, err error) {
	if weight, shape, err = o.constants(1); err != nil {
		return nil, nil, nil, err
	}
	bias, sides, err := o.constants(2)
	if err == nil && len(sides) != 1 {
		err = refusef("its bias has the shape %v", sides)
	}
	return weight, bias, shape, err
}

// window is that of a kernel on what is at x.
func (o tfliteOperator) window(x, height, width int, strideH, strideW int32, p schema.Padding) (
	window, error) {
	w, s := window{height: height, width: width, stride: int(strideH)}, o.shapes[x]
	if strideH != strideW || strideH < 1 || len(s) != 3 {
		return w, refusef("strides %d and %d over %v", strideH, strideW, s)
	}
	if p == schema.PaddingVALID {
		return w, w.sides(s, 0, 0)
	}
	high, wide := samePadding(s[0], height, w.stride), samePadding(s[1], width, w.stride)
	w.top, w.left = high/2, wide/2
	return w, w.sides(s, high-w.top, wide-w.left)
}

// samePadding is how many zeros TensorFlow's padding "same" adds, before and behind together.
func samePadding(in, kernel, stride int) int {
	return max(((in+stride-1)/stride-1)*stride+kernel-in, 0)
}

func (o tfliteOperator) convolution(x int) (int, error) {
	weight, bias, shape, err := o.weights()
	if err != nil {
		return 0, err
	}
	if len(shape) != 4 || len(o.shapes[x]) != 3 {
		return 0, refusef("weights %v on %v", shape, o.shapes[x])
	}
	if o.code == schema.BuiltinOperatorCONV_2D {
		var t schema.Conv2DOptions
		err := o.options(&t, schema.BuiltinOptionsConv2DOptions)
		return o.activated(err, t.FusedActivationFunction, func() (int, error) {
			w, err := o.window(x, shape[1], shape[2], t.StrideH(), t.StrideW(), t.Padding())
			if err != nil || t.DilationHFactor() != 1 || t.DilationWFactor() != 1 {
				return 0, refusef("its window is not one that tailor writes (%v)", err)
			}
			return o.conv(x, w, weight, bias)
		})
	}
	var t schema.DepthwiseConv2DOptions
	err = o.options(&t, schema.BuiltinOptionsDepthwiseConv2DOptions)
	return o.activated(err, t.FusedActivationFunction, func() (int, error) {
		w, err := o.window(x, shape[1], shape[2], t.StrideH(), t.StrideW(), t.Padding())
		if err != nil || t.DilationHFactor() != 1 || t.DilationWFactor() != 1 ||
			t.DepthMultiplier() != 1 {
			return 0, refusef("its window is not one that tailor writes (%v)", err)
		}
		return o.depthwise(x, w, weight, bias)
	})
}

func (o tfliteOperator) pooling(x int) (int, error) {
	var t schema.Pool2DOptions
	err := o.options(&t, schema.BuiltinOptionsPool2DOptions)
	return o.activated(err, t.FusedActivationFunction, func() (int, error) {
		w, err := o.window(x, int(t.FilterHeight()), int(t.FilterWidth()), t.StrideH(),
			t.StrideW(), t.Padding())
		if err != nil {
			return 0, err
		}
		return o.maxPool(x, w)
	})
}

func (o tfliteOperator) fullyConnected(x int) (int, error) {
	weight, bias, shape, err := o.weights()
	if err != nil {
		return 0, err
	}
	if n, _ := length(o.shapes[x]); len(shape) != 2 || shape[1] != n {
		return 0, refusef("weights %v on %v", shape, o.shapes[x])
	}
	var t schema.FullyConnectedOptions
	err = o.options(&t, schema.BuiltinOptionsFullyConnectedOptions)
	return o.activated(err, t.FusedActivationFunction, func() (int, error) {
		return o.linear(x, weight, bias)
	})
}

// joined adds f of two inputs, of which the second may be one number.
func (o tfliteOperator) joined(x int, f func(a, b float64) float64) (int, error) {
	if y, err := o.computed(1); err == nil {
		return o.join(x, y, f)
	}
	number, _, err := o.constants(1)
	if err != nil || len(number) != 1 {
		return 0, refusef("its second input is neither computed nor a number")
	}
	return o.each(x, func(v float64) float64 { return f(v, number[0]) })
}

func (o tfliteOperator) globalMean(x int) (int, error) {
	var t schema.ReducerOptions
	if err := o.options(&t, schema.BuiltinOptionsReducerOptions); err != nil {
		return 0, err
	}
	axes, err := o.integers(1, 2)
	if err != nil || !slices.Equal(axes, []int{1, 2}) || !t.KeepDims() {
		return 0, refusef("it is not a mean over height and width, which stay")
	}
	return o.mean(x)
}

func (o tfliteOperator) padded(x int) (int, error) {
	by, err := o.integers(1, 8)
	if err != nil || by[0] != 0 || by[1] != 0 || by[6] != 0 || by[7] != 0 {
		return 0, refusef("it pads by %v", by)
	}
	return o.pad(x, by[2], by[3], by[4], by[5])
}
