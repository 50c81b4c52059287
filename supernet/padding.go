package supernet

import (
	"fmt"
)

// Padding says how many zeros a convolution puts around its input. The empty one is (kernel-1)/2 on
// every side, as in networks of PyTorch. Neither changes the size of the output.
type Padding string

// TFSame is what TensorFlow calls "same": as few zeros as the output needs, with the odd one at the
// bottom and at the right. With stride 1, or of an odd side, it is the same as the empty one.
const TFSame Padding = "tf_same"

// Pads are the rows and columns of zeros around the input of an operation.
type Pads struct{ Top, Bottom, Left, Right int }

func (p Padding) check() error {
	if p != "" && p != TFSame {
		return fmt.Errorf("%q is no padding; use %s, or leave it out for (kernel-1)/2 zeros on "+
			"every side", string(p), TFSame)
	}
	return nil
}

// forStride is the padding that a block of a stride says: none where it makes no difference, so
// that blocks that do the same are equal.
func (p Padding) forStride(stride int) Padding {
	if stride == 1 {
		return ""
	}
	return p
}

// checkPadding checks the padding of a block that has a kernel and a stride.
func (b Block) checkPadding() error {
	if err := b.Padding.check(); err != nil {
		return err
	}
	if b.Padding != b.Padding.forStride(b.Stride) {
		return fmt.Errorf("padding %s makes no difference with stride %d; leave it out", b.Padding,
			b.Stride)
	}
	if b.Padding != "" && b.Valid {
		return fmt.Errorf("a convolution without padding (valid) has no padding %s", b.Padding)
	}
	return nil
}

// pads are the zeros around the input of the block's convolution that has Kernel and Stride.
func (b Block) pads() Pads {
	switch {
	case b.Valid:
		return Pads{}
	case b.Padding == TFSame:
		top, bottom := tfSame(b.In.H, b.Out.H, b.Kernel, b.Stride)
		left, right := tfSame(b.In.W, b.Out.W, b.Kernel, b.Stride)
		return Pads{Top: top, Bottom: bottom, Left: left, Right: right}
	}
	p := b.Kernel / 2
	return Pads{Top: p, Bottom: p, Left: p, Right: p}
}

// tfSame is the zeros before and after a side (tf.nn, "Notes on padding").
func tfSame(in, out, kernel, stride int) (before, after int) {
	total := max((out-1)*stride+kernel-in, 0)
	return total / 2, total - total/2
}
