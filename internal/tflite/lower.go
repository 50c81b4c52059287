package tflite

import (
	"fmt"

	"github.com/tailor-nas/tailor/supernet"
)

// block adds the operators of a block.
func (w *writer) block(b supernet.Block) (err error) {
	switch b.Kind {
	case supernet.Conv:
		return w.convBlock(b)
	case supernet.MBConv:
		return w.mbconv(b)
	case supernet.Pool:
		w.at = w.globalMean(b.Name, w.at)
		return nil
	case supernet.MaxPool:
		w.at, err = w.maxPool(b.Name, w.at, b.Kernel, b.Stride, b.Out)
		return err
	case supernet.Linear:
		data, err := w.weights.get(b.Name+".weight", b.In.Len()*b.Out.C)
		if err != nil {
			return err
		}
		bias, err := w.weights.bias(b.Name+".bias", b.Out.C)
		if err != nil {
			return err
		}
		w.at, err = w.linear(b.Name, w.at, data, b.Act, bias)
		return err
	}
	return fmt.Errorf("kind %q has no counterpart in TFLite", b.Kind)
}

func (w *writer) convBlock(b supernet.Block) error {
	k := kernel{name: b.Name, size: b.Kernel, stride: b.Stride, out: b.Out, act: b.Act}
	if !b.Valid {
		k.top, k.left = b.Kernel/2, b.Kernel/2
	}
	a, err := identity(b.Out.C), error(nil)
	if b.BN {
		a, err = w.weights.norm(b.Name+".bn", b.Out.C)
	} else if b.Bias {
		a, err = w.weights.bias(b.Name+".bias", b.Out.C)
	}
	if err != nil {
		return err
	}
	k.affine = a
	data, err := w.weights.get(b.Name+".weight", b.Kernel*b.Kernel*b.In.C*b.Out.C)
	if err != nil {
		return err
	}
	w.at, err = w.conv(w.at, data, k)
	return err
}

func (w *writer) normed(name string, depthwise bool, size, stride int, out supernet.Shape, act supernet.Act) error {
	a, err := w.weights.norm(name+".bn", out.C)
	if err != nil {
		return err
	}
	k := kernel{name: name, depthwise: depthwise, size: size, stride: stride, out: out, act: act,
		top: size / 2, left: size / 2, affine: a}
	n := size * size * out.C
	if !depthwise {
		n *= w.shape(w.at)[3]
	}
	data, err := w.weights.get(name+".weight", n)
	if err != nil {
		return err
	}
	w.at, err = w.conv(w.at, data, k)
	return err
}

func (w *writer) mbconv(b supernet.Block) error {
	first := w.at
	if b.HasExpand() {
		if err := w.normed(b.Name+".expand", false, 1, 1, supernet.Shape{H: b.In.H, W: b.In.W, C: b.Mid}, b.Act); err != nil {
			return err
		}
	}
	mid := supernet.Shape{H: b.Out.H, W: b.Out.W, C: b.Mid}
	if err := w.normed(b.Name+".depthwise", true, b.Kernel, b.Stride, mid, b.Act); err != nil {
		return err
	}
	if b.SE > 0 {
		if err := w.squeezeExcite(b.Name+".se", b.Mid, b.SE); err != nil {
			return err
		}
	}
	if err := w.normed(b.Name+".project", false, 1, 1, b.Out, ""); err != nil {
		return err
	}
	if b.Skip {
		w.at = w.add(b.Name+".skip", sum{}, imageShape(b.Out), w.at, first)
	}
	return nil
}

func (w *writer) squeezeExcite(name string, channels, hidden int) error {
	x := w.globalMean(name+".mean", w.at)
	for _, step := range []struct {
		name    string
		in, out int
		act     supernet.Act
	}{{name + ".reduce", channels, hidden, supernet.ReLU}, {name + ".expand", hidden, channels, ""}} {
		a, err := w.weights.bias(step.name+".bias", step.out)
		if err != nil {
			return err
		}
		data, err := w.weights.get(step.name+".weight", step.in*step.out)
		if err != nil {
			return err
		}
		x, err = w.conv(x, data, kernel{name: step.name, size: 1, stride: 1,
			out: supernet.Shape{H: 1, W: 1, C: step.out}, act: step.act, affine: a})
		if err != nil {
			return err
		}
	}
	gate := w.hardSigmoid(name+".gate", x)
	w.at = w.add(name, product{}, w.shape(w.at), w.at, gate)
	return nil
}
