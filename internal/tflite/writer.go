package tflite

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
	"github.com/tailor-nas/tailor/supernet"
)

// writer builds the graph of a network, operation by operation.
type writer struct {
	graph
	at      ref // what the last operation gave
	spatial *ref
	weights weights
}

// activate applies what is not fused to the operator before.
func (w *writer) activate(name string, x ref, act supernet.Act) ref {
	if act != supernet.HSwish {
		return x
	}
	return w.add(name+".h_swish", hardSwish{}, w.shape(x), x)
}

// fused is the part of an activation that an operator applies itself.
func fused(act supernet.Act) (activation, error) {
	switch act {
	case "", supernet.HSwish:
		return schema.ActivationFunctionTypeNONE, nil
	case supernet.ReLU:
		return schema.ActivationFunctionTypeRELU, nil
	case supernet.ReLU6:
		return schema.ActivationFunctionTypeRELU6, nil
	}
	return 0, fmt.Errorf("activation %q has no counterpart in TFLite", act)
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
	return w.add(name, mean{}, []int{1, 1, 1, s[3]}, x, *w.spatial)
}
