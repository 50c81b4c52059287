package tflite

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
	"github.com/tailor-nas/tailor/supernet"
)

// block adds the operators of a block.
func (w *writer) block(b supernet.Block) error {
	ops, err := b.Ops()
	if err != nil {
		return err
	}
	before, given := w.at, make([]ref, len(ops))
	for i, o := range ops {
		var args []ref
		for _, a := range o.Args {
			if a == supernet.BlockInput {
				args = append(args, before)
			} else {
				args = append(args, given[a])
			}
		}
		if given[i], err = w.operation(o, args); err != nil {
			return fmt.Errorf("operation %q: %w", o.Name, err)
		}
		w.at = given[i]
	}
	return nil
}

// operation adds the operators of one operation, and gives its result.
func (w *writer) operation(o supernet.Op, args []ref) (ref, error) {
	act, err := fused(o.Act)
	if err != nil {
		return 0, err
	}
	y, err := w.unfused(o, act, args)
	if err != nil {
		return 0, err
	}
	return w.activate(o.Name, y, o.Act), nil
}

// unfused adds an operation up to the part of its activation that is no operator's option.
func (w *writer) unfused(o supernet.Op, act activation, args []ref) (ref, error) {
	shape := w.imageShape(o.Out)
	switch o.Kind {
	case supernet.OpConv, supernet.OpDepthwise, supernet.OpLinear:
		return w.weighted(o, act, args[0])
	case supernet.OpMaxPool:
		return w.maxPool(o, act, args[0])
	case supernet.OpMean:
		if act != schema.ActivationFunctionTypeNONE {
			return 0, fmt.Errorf("TFLite's mean has no activation %s", o.Act)
		}
		return w.globalMean(o.Name, args[0]), nil
	case supernet.OpAdd:
		return w.add(o.Name, sum{act}, shape, args...), nil
	case supernet.OpMultiply:
		return w.add(o.Name, product{act}, shape, args...), nil
	}
	return 0, fmt.Errorf("kind %q has no counterpart in TFLite", o.Kind)
}

// fused is the part of an activation that an operator applies itself.
func fused(act supernet.Act) (activation, error) {
	switch act {
	case "", supernet.HSwish, supernet.HSigmoid, supernet.SiLU, supernet.Sigmoid:
		return schema.ActivationFunctionTypeNONE, nil
	case supernet.ReLU:
		return schema.ActivationFunctionTypeRELU, nil
	case supernet.ReLU6:
		return schema.ActivationFunctionTypeRELU6, nil
	}
	return 0, fmt.Errorf("activation %q has no counterpart in TFLite", act)
}

// activate applies what is not fused to the operator before.
func (w *writer) activate(name string, x ref, act supernet.Act) ref {
	switch act {
	case supernet.HSwish:
		return w.add(name+".h_swish", hardSwish{}, w.shape(x), x)
	case supernet.HSigmoid:
		return w.hardSigmoid(name+".h_sigmoid", x)
	case supernet.Sigmoid:
		return w.add(name+".sigmoid", logistic{}, w.shape(x), x)
	case supernet.SiLU:
		gate := w.add(name+".sigmoid", logistic{}, w.shape(x), x)
		return w.add(name+".silu", product{}, w.shape(x), x, gate)
	}
	return x
}
