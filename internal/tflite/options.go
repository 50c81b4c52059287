package tflite

import (
	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

// options say which operator it is, and how it does it.
type options interface {
	code() schema.BuiltinOperator
	// write adds the table and says which it is and where.
	write(b *flatbuffers.Builder) (table, place)
}

type (
	activation = schema.ActivationFunctionType
	table      = schema.BuiltinOptions

	convolution struct {
		depthwise bool
		stride    int
		padding   schema.Padding
		act       activation
	}
	maxPool struct {
		kernel, stride int
		padding        schema.Padding
		act            activation
	}
	fullyConnected struct{ act activation }
	sum            struct{ act activation }
	product        struct{ act activation }
	mean           struct{}
	pad            struct{}
	hardSwish      struct{}
	logistic       struct{}
	softmax        struct{}
	bytesToFloats  struct{}
)

func (o convolution) code() schema.BuiltinOperator {
	if o.depthwise {
		return schema.BuiltinOperatorDEPTHWISE_CONV_2D
	}
	return schema.BuiltinOperatorCONV_2D
}
func (maxPool) code() schema.BuiltinOperator { return schema.BuiltinOperatorMAX_POOL_2D }
func (fullyConnected) code() schema.BuiltinOperator {
	return schema.BuiltinOperatorFULLY_CONNECTED
}
func (sum) code() schema.BuiltinOperator           { return schema.BuiltinOperatorADD }
func (product) code() schema.BuiltinOperator       { return schema.BuiltinOperatorMUL }
func (mean) code() schema.BuiltinOperator          { return schema.BuiltinOperatorMEAN }
func (pad) code() schema.BuiltinOperator           { return schema.BuiltinOperatorPAD }
func (hardSwish) code() schema.BuiltinOperator     { return schema.BuiltinOperatorHARD_SWISH }
func (logistic) code() schema.BuiltinOperator      { return schema.BuiltinOperatorLOGISTIC }
func (softmax) code() schema.BuiltinOperator       { return schema.BuiltinOperatorSOFTMAX }
func (bytesToFloats) code() schema.BuiltinOperator { return schema.BuiltinOperatorCAST }

func (o convolution) write(b *flatbuffers.Builder) (table, place) {
	if o.depthwise {
		schema.DepthwiseConv2DOptionsStart(b)
		schema.DepthwiseConv2DOptionsAddPadding(b, o.padding)
		schema.DepthwiseConv2DOptionsAddStrideW(b, int32(o.stride))
		schema.DepthwiseConv2DOptionsAddStrideH(b, int32(o.stride))
		schema.DepthwiseConv2DOptionsAddDepthMultiplier(b, 1)
		schema.DepthwiseConv2DOptionsAddFusedActivationFunction(b, o.act)
		return schema.BuiltinOptionsDepthwiseConv2DOptions, schema.DepthwiseConv2DOptionsEnd(b)
	}
	schema.Conv2DOptionsStart(b)
	schema.Conv2DOptionsAddPadding(b, o.padding)
	schema.Conv2DOptionsAddStrideW(b, int32(o.stride))
	schema.Conv2DOptionsAddStrideH(b, int32(o.stride))
	schema.Conv2DOptionsAddFusedActivationFunction(b, o.act)
	return schema.BuiltinOptionsConv2DOptions, schema.Conv2DOptionsEnd(b)
}

func (o maxPool) write(b *flatbuffers.Builder) (table, place) {
	schema.Pool2DOptionsStart(b)
	schema.Pool2DOptionsAddPadding(b, o.padding)
	schema.Pool2DOptionsAddStrideW(b, int32(o.stride))
	schema.Pool2DOptionsAddStrideH(b, int32(o.stride))
	schema.Pool2DOptionsAddFilterWidth(b, int32(o.kernel))
	schema.Pool2DOptionsAddFilterHeight(b, int32(o.kernel))
	schema.Pool2DOptionsAddFusedActivationFunction(b, o.act)
	return schema.BuiltinOptionsPool2DOptions, schema.Pool2DOptionsEnd(b)
}

func (o fullyConnected) write(b *flatbuffers.Builder) (table, place) {
	schema.FullyConnectedOptionsStart(b)
	schema.FullyConnectedOptionsAddFusedActivationFunction(b, o.act)
	return schema.BuiltinOptionsFullyConnectedOptions, schema.FullyConnectedOptionsEnd(b)
}

func (o sum) write(b *flatbuffers.Builder) (table, place) {
	schema.AddOptionsStart(b)
	schema.AddOptionsAddFusedActivationFunction(b, o.act)
	return schema.BuiltinOptionsAddOptions, schema.AddOptionsEnd(b)
}

func (o product) write(b *flatbuffers.Builder) (table, place) {
	schema.MulOptionsStart(b)
	schema.MulOptionsAddFusedActivationFunction(b, o.act)
	return schema.BuiltinOptionsMulOptions, schema.MulOptionsEnd(b)
}

func (mean) write(b *flatbuffers.Builder) (table, place) {
	schema.ReducerOptionsStart(b)
	schema.ReducerOptionsAddKeepDims(b, true)
	return schema.BuiltinOptionsReducerOptions, schema.ReducerOptionsEnd(b)
}

func (pad) write(b *flatbuffers.Builder) (table, place) {
	schema.PadOptionsStart(b)
	return schema.BuiltinOptionsPadOptions, schema.PadOptionsEnd(b)
}

func (hardSwish) write(b *flatbuffers.Builder) (table, place) {
	schema.HardSwishOptionsStart(b)
	return schema.BuiltinOptionsHardSwishOptions, schema.HardSwishOptionsEnd(b)
}

// write adds nothing: TFLite's logistic function, the sigmoid, has no options.
func (logistic) write(*flatbuffers.Builder) (table, place) { return schema.BuiltinOptionsNONE, 0 }

func (softmax) write(b *flatbuffers.Builder) (table, place) {
	schema.SoftmaxOptionsStart(b)
	schema.SoftmaxOptionsAddBeta(b, 1)
	return schema.BuiltinOptionsSoftmaxOptions, schema.SoftmaxOptionsEnd(b)
}

func (bytesToFloats) write(b *flatbuffers.Builder) (table, place) {
	schema.CastOptionsStart(b)
	schema.CastOptionsAddInDataType(b, schema.TensorTypeUINT8)
	schema.CastOptionsAddOutDataType(b, schema.TensorTypeFLOAT32)
	return schema.BuiltinOptionsCastOptions, schema.CastOptionsEnd(b)
}
