package onnx

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/supernet"
)

// lowering turns blocks into nodes.
type lowering struct {
	*graph
	weights export.Weights
}

// block adds the nodes of a block and gives its output.
func (l lowering) block(b supernet.Block, in value) (value, error) {
	ops, err := b.Ops()
	if err != nil {
		return value{}, err
	}
	made := make([]value, len(ops))
	for i, o := range ops {
		args := make([]value, len(o.Args))
		for j, arg := range o.Args {
			args[j] = in
			if arg != supernet.BlockInput {
				args[j] = made[arg]
			}
		}
		if made[i], err = l.op(o, args); err != nil {
			return value{}, fmt.Errorf("operation %q: %w", o.Name, err)
		}
	}
	return made[len(made)-1], nil
}

// op adds the nodes of an operation.
func (l lowering) op(o supernet.Op, args []value) (x value, err error) {
	switch o.Kind {
	case supernet.OpConv, supernet.OpDepthwise, supernet.OpLinear:
		x, err = l.product(o, args[0])
	case supernet.OpMaxPool:
		x = l.maxPool(args[0], o)
	case supernet.OpMeanPool:
		x = l.meanPool(args[0], o)
	case supernet.OpMean:
		x = l.mean(args[0], o)
	case supernet.OpAdd:
		x = l.add(args[0], args[1], o)
	case supernet.OpMultiply:
		x = l.multiply(args[0], args[1], o)
	default:
		err = unknown("operation", o.Kind)
	}
	if err != nil {
		return value{}, err
	}
	return l.act(x, o.Act)
}

// product adds an operation that has a weight.
func (l lowering) product(o supernet.Op, x value) (value, error) {
	weight, bias, err := folded(l.weights, o)
	switch {
	case err != nil:
		return value{}, err
	case x.isMap() && (o.Kind != supernet.OpLinear || o.Gate): // a gate must stay a map
		return l.conv(x, o, weight, bias), nil
	}
	return l.linear(x, o, weight, bias), nil
}

func unknown(what string, name any) error {
	return fmt.Errorf("%s %q cannot be written as ONNX", what, name)
}
