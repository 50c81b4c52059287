package ofa

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// ErrNoKey is wrapped by errors about blocks that OFA's networks do not have, so that no table can
// have them.
var ErrNoKey = errors.New("no block of OFA's networks")

// Times are the times of blocks, or the key of one that the table has not. An error wraps
// [ErrNoKey].
func (t Table) Times(blocks []supernet.Block) (ms []float64, missing string, err error) {
	for _, b := range blocks {
		key, err := Key(b)
		if err != nil {
			return nil, "", err
		}
		v, ok := t[key]
		if !ok {
			return nil, key, nil
		}
		ms = append(ms, v)
	}
	return ms, "", nil
}

// Key is what OFA's tables for MobileNetV3 call a block: by its operations, since they know an
// inverted residual block, a mean, a linear layer, and convolutions of three kinds.
func Key(b supernet.Block) (string, error) {
	ops, err := b.Ops()
	if err != nil {
		return "", fmt.Errorf("block %s: %w", b.Name, err)
	}
	if slices.ContainsFunc(ops, foreign) {
		return "", fmt.Errorf("block %s (%s): %w", b.Name, b.Key(), ErrNoKey)
	}
	in := fmt.Sprintf("input:%dx%dx%d", b.In.H, b.In.W, b.In.C)
	out := fmt.Sprintf("output:%dx%dx%d", b.Out.H, b.Out.W, b.Out.C)
	if i := find(ops, supernet.OpDepthwise); i >= 0 {
		return residualKey(in, out, ops, ops[i]), nil
	}
	if len(ops) == 1 {
		switch o := ops[0]; {
		case o.Kind == supernet.OpMean:
			return "AvgPool2D-" + in + "-" + out, nil
		case o.Kind == supernet.OpLinear:
			return fmt.Sprintf("Logits-%s-output:%d", in, b.Out.C), nil
		case o.Kind == supernet.OpConv && o.Bias == "":
			return convKey(o) + "-" + in + "-" + out, nil
		}
	}
	return "", fmt.Errorf("block %s (%s): %w", b.Name, b.Key(), ErrNoKey)
}

// foreign says whether OFA's networks have no such operation, although its key would not tell:
// another activation, or other hidden channels of squeeze-and-excitation.
func foreign(o supernet.Op) bool {
	if !o.Gate {
		return o.Act == supernet.SiLU
	}
	if o.Kind == supernet.OpLinear && o.Out.C < o.In.C &&
		o.Out.C != supernet.MakeDivisible(float64(o.In.C/4), 8) {
		return true
	}
	return o.Act != "" && o.Act != supernet.ReLU && o.Act != supernet.HSigmoid
}

// residualKey is that of an inverted residual block around a depthwise convolution.
func residualKey(in, out string, ops []supernet.Op, depthwise supernet.Op) string {
	shortcut, gate := find(ops, supernet.OpAdd) >= 0, find(ops, supernet.OpMultiply) >= 0
	return fmt.Sprintf("expanded_conv-%s-%s-expand:%d-kernel:%d-stride:%d-idskip:%d-se:%d-hs:%d",
		in, out, depthwise.Out.C, depthwise.Kernel, depthwise.Stride,
		digit(shortcut), digit(gate), digit(depthwise.Act == supernet.HSwish))
}

// convKey tells the first convolution, the one before the mean, and the one behind it, which has no
// batch norm.
func convKey(o supernet.Op) string {
	switch {
	case o.Kernel > 1:
		return "Conv"
	case o.Norm != "":
		return "Conv_1"
	}
	return "Conv_2"
}

// find is the index of the first operation of a kind, -1 if there is none.
func find(ops []supernet.Op, kind supernet.OpKind) int {
	for i, o := range ops {
		if o.Kind == kind {
			return i
		}
	}
	return -1
}

func digit(v bool) int {
	if v {
		return 1
	}
	return 0
}
