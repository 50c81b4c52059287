package tflite

import (
	"github.com/tailor-nas/tailor/supernet"
)

// weighted adds an operation that has a weight, with what follows it folded in: a convolution, or a
// fully connected layer, which gives a vector (N,channels).
func (w *writer) weighted(o supernet.Op, act activation, x ref) (ref, error) {
	data, offset, err := w.weights.Fold(o)
	if err != nil {
		return 0, err
	}
	if o.Kind != supernet.OpDepthwise {
		data = outFirst(data, o.Out.C)
	}
	bias := w.floats(o.Name+".bias", offset, o.Out.C)
	if isVector(o) {
		weight := w.floats(o.Name+".weight", data, o.Out.C, o.In.Len())
		return w.add(o.Name, fullyConnected{act}, []int{w.batch, o.Out.C}, x, weight, bias), nil
	}
	return w.conv(o, act, x, data, bias)
}

// isVector says whether the result has no height and width: of linear layers, and of convolutions
// of features, which are the same. The linear layers of a gate keep both, since maps are multiplied
// with it.
func isVector(o supernet.Op) bool {
	if o.Kind == supernet.OpLinear {
		return !o.Gate
	}
	onePixel := o.In.H == 1 && o.In.W == 1
	return o.Kind == supernet.OpConv && onePixel && o.Norm == "" && o.Bias == ""
}

// conv adds a convolution with weights in TFLite's order: (out,height,width,in), or depthwise
// (1,height,width,channels).
func (w *writer) conv(o supernet.Op, act activation, x ref, data []float32, bias ref) (ref, error) {
	if o.Kind == supernet.OpLinear { // of a gate
		o.Kernel, o.Stride = 1, 1
	}
	padding, x, err := w.padded(o, x)
	if err != nil {
		return 0, err
	}
	depthwise := o.Kind == supernet.OpDepthwise
	shape := []int{o.Out.C, o.Kernel, o.Kernel, o.In.C}
	if depthwise {
		shape = []int{1, o.Kernel, o.Kernel, o.In.C}
	}
	weight := w.floats(o.Name+".weight", data, shape...)
	as := convolution{depthwise: depthwise, stride: o.Stride, padding: padding, act: act}
	return w.add(o.Name, as, w.imageShape(o.Out), x, weight, bias), nil
}

// outFirst turns weights of which the last dimension is the output's channels into such of which it
// is the first.
func outFirst(data []float32, channels int) []float32 {
	turned, rest := make([]float32, len(data)), len(data)/channels
	for i := range rest {
		for c := range channels {
			turned[c*rest+i] = data[i*channels+c]
		}
	}
	return turned
}
