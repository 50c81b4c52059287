package tflite

import (
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/tflite/schema"
	"github.com/tailor-nas/tailor/supernet"
)

// writer builds the graph of a network, operation by operation.
type writer struct {
	graph
	at      ref  // what the last operation gave
	spatial *ref // the axes of height and width, once there
	weights export.Weights
	batch   int // images at once
}

// hardSigmoid is relu6(x + 3) / 6, in parts: TFLite has no such operator.
func (w *writer) hardSigmoid(name string, x ref) ref {
	relu6 := sum{schema.ActivationFunctionTypeRELU6}
	x = w.add(name+".shifted", relu6, w.shape(x), x, w.scalar(3))
	return w.add(name, product{}, w.shape(x), x, w.scalar(1.0/6))
}

// globalMean is the mean over height and width, which stay as 1.
func (w *writer) globalMean(name string, x ref) ref {
	if w.spatial == nil {
		axes := w.ints("constant.axes", []int{1, 2}, 2)
		w.spatial = &axes
	}
	s := w.shape(x)
	return w.add(name, mean{}, []int{w.batch, 1, 1, s[3]}, x, *w.spatial)
}

// maxPool adds the largest value of every window; there is no padding.
func (w *writer) pool(o supernet.Op, act activation, x ref) (ref, error) {
	padding, x, err := w.padded(o, x)
	if err != nil {
		return 0, err
	}
	as := pooling{o.Kind == supernet.OpMeanPool, o.Kernel, o.Stride, padding, act}
	return w.add(o.Name, as, w.imageShape(o.Out), x), nil
}
