package onnx

import (
	"fmt"

	"github.com/tailor-nas/tailor/supernet"
)

// lowering turns blocks into nodes.
type lowering struct {
	*graph
	weights weights
}

// block adds the nodes of a block.
func (l lowering) block(b supernet.Block, x value) (value, error) {
	switch b.Kind {
	case supernet.Conv:
		if !b.BN && !b.Bias {
			return l.product(b, x)
		}
		return l.convBlock(b, x)
	case supernet.MBConv:
		return l.mbconv(b, x)
	case supernet.Pool:
		return l.globalPool(x, b.Name), nil
	case supernet.MaxPool:
		return l.maxPool(x, b.Name, b.Kernel, b.Stride, b.Out), nil
	case supernet.Linear:
		return l.product(b, x)
	}
	return value{}, unknown("kind of block", b.Kind)
}

func unknown(what string, name any) error {
	return fmt.Errorf("%s %q cannot be written as ONNX", what, name)
}

// product is a linear layer, or the convolution of a single pixel that is the same thing.
func (l lowering) product(b supernet.Block, x value) (value, error) {
	var a affine
	if b.Kind == supernet.Linear {
		bias, err := l.weights.bias(b.Name+".bias", b.Out.C)
		if err != nil {
			return value{}, err
		}
		a = bias
	}
	data, err := l.weights.get(b.Name+".weight", b.In.Len()*b.Out.C)
	if err != nil {
		return value{}, err
	}
	return l.act(l.linear(x, data, b.Name, b.Out.C, a), b.Act)
}

// convBlock is a convolution with batch norm or bias.
func (l lowering) convBlock(b supernet.Block, x value) (value, error) {
	c := l.convOf(b, b.Name, b.Out)
	if b.Valid {
		c.pads = [4]int64{}
	}
	a, err := l.after(b)
	if err != nil {
		return value{}, err
	}
	c.affine = a
	return l.convolve(x, c, b.Act)
}

// after is what is done to the products of a convolution block.
func (l lowering) after(b supernet.Block) (affine, error) {
	if b.Bias {
		return l.weights.bias(b.Name+".bias", b.Out.C)
	}
	return l.weights.norm(b.Name+".bn", b.Out.C)
}

// convOf is a convolution with the block's kernel, stride and padding.
func (l lowering) convOf(b supernet.Block, name string, out supernet.Shape) convolution {
	p := int64(b.Kernel-1) / 2
	pads := [4]int64{p, p, p, p}
	return convolution{name: name, kernel: b.Kernel, stride: b.Stride, pads: pads, out: out}
}

// convolve adds a convolution and its activation.
func (l lowering) convolve(x value, c convolution, act supernet.Act) (value, error) {
	n := c.kernel * c.kernel * c.out.C
	if !c.depthwise {
		n *= int(x.dims[1])
	}
	data, err := l.weights.get(c.name+".weight", n)
	if err != nil {
		return value{}, err
	}
	return l.act(l.conv(x, data, c), act)
}

// normed adds a convolution with batch norm.
func (l lowering) normed(x value, c convolution, act supernet.Act) (value, error) {
	a, err := l.weights.norm(c.name+".bn", c.out.C)
	if err != nil {
		return value{}, err
	}
	c.affine = a
	return l.convolve(x, c, act)
}

func (l lowering) mbconv(b supernet.Block, in value) (x value, err error) {
	x = in
	if b.HasExpand() {
		if x, err = l.normed(x, pointwise(b.Name+".expand", b.In, b.Mid), b.Act); err != nil {
			return x, err
		}
	}
	c := l.convOf(b, b.Name+".depthwise", supernet.Shape{H: b.Out.H, W: b.Out.W, C: b.Mid})
	c.depthwise = true
	if x, err = l.normed(x, c, b.Act); err != nil {
		return x, err
	}
	if b.SE > 0 {
		if x, err = l.squeeze(b, x); err != nil {
			return x, err
		}
	}
	x, err = l.normed(x, pointwise(b.Name+".project", b.Out, b.Out.C), "")
	if err == nil && b.Skip {
		x = l.add(x, in, b.Name+".add")
	}
	return x, err
}

// squeeze is squeeze-and-excitation.
func (l lowering) squeeze(b supernet.Block, x value) (value, error) {
	name := b.Name + ".se"
	gate := l.globalPool(x, name+".pool")
	gate, err := l.biased(gate, name+".reduce", b.SE, supernet.ReLU)
	if err != nil {
		return value{}, err
	}
	if gate, err = l.biased(gate, name+".expand", b.Mid, ""); err != nil {
		return value{}, err
	}
	return l.scale(l.hardSigmoid(gate, name+".gate"), x, name+".scale"), nil
}

// biased adds a convolution of one pixel with bias.
func (l lowering) biased(x value, name string, channels int, act supernet.Act) (value, error) {
	a, err := l.weights.bias(name+".bias", channels)
	if err != nil {
		return value{}, err
	}
	c := pointwise(name, supernet.Shape{H: 1, W: 1}, channels)
	c.affine = a
	return l.convolve(x, c, act)
}

func pointwise(name string, at supernet.Shape, channels int) convolution {
	at.C = channels
	return convolution{name: name, kernel: 1, stride: 1, out: at}
}
