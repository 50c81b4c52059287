package onnx

import (
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/supernet"
)

// folded gives the weight of an operation in ONNX's layout, with batch norm in it, and the bias;
// nil where there is none.
func folded(w export.Weights, o supernet.Op) (weight, bias []float32, err error) {
	data, bias, err := w.Fold(o)
	if err != nil {
		return nil, nil, err
	}
	if o.Bias == "" && o.Norm == "" {
		bias = nil
	}
	switch pixels := max(o.Kernel*o.Kernel, 1); o.Kind {
	case supernet.OpDepthwise:
		weight = depthwise(data, pixels, o.Out.C)
	case supernet.OpLinear:
		weight = dense(data, o.In.H*o.In.W, o.In.C, o.Out.C)
	default:
		weight = dense(data, pixels, o.In.C, o.Out.C)
	}
	return weight, bias, nil
}

// dense turns (height,width,in,out) into ONNX's (out,in,height,width). A linear layer on a map has
// the map's sides in the place of the kernel's.
func dense(data []float32, pixels, in, out int) []float32 {
	turned := make([]float32, len(data))
	for p := range pixels {
		for i := range in {
			for o := range out {
				turned[(o*in+i)*pixels+p] = data[(p*in+i)*out+o]
			}
		}
	}
	return turned
}

// depthwise turns (height,width,channels) into ONNX's (channels,1,height,width).
func depthwise(data []float32, pixels, channels int) []float32 {
	turned := make([]float32, len(data))
	for p := range pixels {
		for c := range channels {
			turned[c*pixels+p] = data[p*channels+c]
		}
	}
	return turned
}
