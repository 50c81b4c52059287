package tflite

import (
	"github.com/tailor-nas/tailor/supernet"
)

// kernel is a convolution to add.
type kernel struct {
	name      string
	depthwise bool
	size      int
	stride    int
	out       supernet.Shape
	top, left int // pixels of padding
	act       supernet.Act
	affine    affine
}

// conv adds a convolution of x with a weight in tailor's layout, (height,width,in,out), or depthwise
// (height,width,channels).
func (w *writer) conv(x ref, data []float32, k kernel) (ref, error) {
	in := w.shape(x)
	padding, x, err := w.padded(k.name, x,
		window{in[1], k.out.H, k.size, k.stride, k.top},
		window{in[2], k.out.W, k.size, k.stride, k.left})
	if err != nil {
		return 0, err
	}
	act, err := fused(k.act)
	if err != nil {
		return 0, err
	}
	scaled, shape := k.affine.scaled(data), []int{1, k.size, k.size, k.out.C}
	if !k.depthwise {
		scaled, shape = outFirst(scaled, k.out.C), []int{k.out.C, k.size, k.size, in[3]}
	}
	weight := w.floats(k.name+".weight", scaled, shape...)
	bias := w.floats(k.name+".bias", k.affine.offsets(), k.out.C)
	o := convolution{depthwise: k.depthwise, stride: k.stride, padding: padding, act: act}
	x = w.add(k.name, o, imageShape(k.out), x, weight, bias)
	return w.activate(k.name, x, k.act), nil
}

// linear adds a product of all of x with a weight (in,out). Maps are in tailor's order already.
func (w *writer) linear(name string, x ref, data []float32, act supernet.Act, a affine) (ref, error) {
	o, err := fused(act)
	if err != nil {
		return 0, err
	}
	out := len(a.scale)
	weight := w.floats(name+".weight", outFirst(a.scaled(data), out), out, len(data)/out)
	bias := w.floats(name+".bias", a.offsets(), out)
	x = w.add(name, fullyConnected{o}, []int{1, out}, x, weight, bias)
	return w.activate(name, x, act), nil
}

// maxPool adds the largest value of every window; padding would be zeros, so there is none.
func (w *writer) maxPool(name string, x ref, size, stride int, out supernet.Shape) (ref, error) {
	in := w.shape(x)
	padding, x, err := w.padded(name, x, window{in[1], out.H, size, stride, 0},
		window{in[2], out.W, size, stride, 0})
	if err != nil {
		return 0, err
	}
	return w.add(name, maxPool{size, stride, padding}, imageShape(out), x), nil
}
