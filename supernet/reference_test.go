package supernet_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// reference computes a network in training mode in float64, straight from its blocks and its or the
// supernet's tensors: no views, no memory plan, no order of sums in common with the engine.
type reference struct {
	shapes map[string][]int
	values map[string][]float64
	n      int
}

func newReference(params []*nn.Param, n int) *reference {
	r := &reference{map[string][]int{}, map[string][]float64{}, n}
	for _, p := range params {
		r.shapes[p.Name] = p.Shape
		for _, v := range p.Data {
			r.values[p.Name] = append(r.values[p.Name], float64(v))
		}
	}
	return r
}

// image is a batch, (N,H,W,C).
type image struct {
	n, h, w, c int
	v          []float64
}

func newImage(n int, s supernet.Shape) image {
	return image{n, s.H, s.W, s.C, make([]float64, n*s.Len())}
}

// at is the channels of a pixel.
func (m image) at(n, y, x int) []float64 { return m.v[((n*m.h+y)*m.w+x)*m.c:][:m.c] }

func (r *reference) logits(blocks []supernet.Block, x []float64) []float64 {
	in := blocks[0].In
	t := image{r.n, in.H, in.W, in.C, x}
	for _, b := range blocks {
		t = r.block(b, t)
	}
	return t.v
}

func (r *reference) block(b supernet.Block, x image) image {
	switch b.Kind {
	case supernet.Pool:
		y := newImage(r.n, b.Out)
		eachPixel(x, func(n, h, w int) {
			for c, v := range x.at(n, h, w) {
				y.at(n, 0, 0)[c] += v / float64(x.h*x.w)
			}
		})
		return y
	case supernet.MaxPool:
		return r.maxPool(b, x)
	case supernet.Linear:
		flat := image{x.n, 1, 1, x.h * x.w * x.c, x.v} // (height,width,channels)
		y := r.dense(b.Name+".weight", flat, b.Out, 1, 1, [2]int{})
		r.bias(b.Name+".bias", y)
		activate(y, b.Act)
		return y
	case supernet.Conv:
		y := r.dense(b.Name+".weight", x, b.Out, b.Kernel, b.Stride, zerosBefore(b))
		if b.BN {
			r.norm(b.Name+".bn", y)
		}
		if b.Bias {
			r.bias(b.Name+".bias", y)
		}
		activate(y, b.Act)
		return y
	}
	return r.mbconv(b, x)
}

func (r *reference) bias(name string, y image) {
	eachPixel(y, func(n, h, w int) {
		for c, v := range r.values[name] {
			y.at(n, h, w)[c] += v
		}
	})
}

func (r *reference) maxPool(b supernet.Block, x image) image {
	y := newImage(r.n, b.Out)
	for i := range y.v {
		y.v[i] = math.Inf(-1)
	}
	eachPixel(y, func(n, oy, ox int) {
		eachTap(b.Kernel, b.Stride, [2]int{}, oy, ox, x, func(_, iy, ix int) {
			for c, v := range x.at(n, iy, ix) {
				y.at(n, oy, ox)[c] = math.Max(v, y.at(n, oy, ox)[c])
			}
		})
	})
	return y
}

func (r *reference) mbconv(b supernet.Block, x image) image {
	t := x
	if b.HasExpand() {
		t = r.dense(b.Name+".expand.weight", t, supernet.Shape{H: b.In.H, W: b.In.W, C: b.Mid}, 1,
			1, [2]int{})
		r.norm(b.Name+".expand.bn", t)
		activate(t, b.Act)
	}
	t = r.depthwise(b, t)
	r.norm(b.Name+".depthwise.bn", t)
	activate(t, b.Act)
	if b.SE > 0 {
		r.excite(b, t)
	}
	y := r.dense(b.Name+".project.weight", t, b.Out, 1, 1, [2]int{})
	r.norm(b.Name+".project.bn", y)
	if b.Skip {
		for i := range y.v {
			y.v[i] += x.v[i]
		}
	}
	return y
}

// zerosBefore is the zeros above and to the left of a block's convolution; those of TensorFlow by
// the rule in the documentation of tf.nn.
func zerosBefore(b supernet.Block) (before [2]int) {
	for i, side := range []int{b.In.H, b.In.W} {
		switch {
		case b.Valid:
		case b.Padding == supernet.TFSame && side%b.Stride == 0:
			before[i] = max(b.Kernel-b.Stride, 0) / 2
		case b.Padding == supernet.TFSame:
			before[i] = max(b.Kernel-side%b.Stride, 0) / 2
		default:
			before[i] = b.Kernel / 2
		}
	}
	return before
}

// dense convolves with the leading input and output channels of a weight (kernel,kernel,in,out) or
// (in,out).
func (r *reference) dense(weight string, x image, out supernet.Shape, kernel, stride int,
	before [2]int) image {
	shape, w, y := r.shapes[weight], r.values[weight], newImage(r.n, out)
	in, ld := shape[len(shape)-2], shape[len(shape)-1]
	eachPixel(y, func(n, oy, ox int) {
		eachTap(kernel, stride, before, oy, ox, x, func(tap, iy, ix int) {
			out := y.at(n, oy, ox)
			for i, v := range x.at(n, iy, ix) {
				for o, w := range w[(tap*in+i)*ld:][:y.c] {
					out[o] += v * w
				}
			}
		})
	})
	return y
}

func (r *reference) depthwise(b supernet.Block, x image) image {
	y := newImage(r.n, supernet.Shape{H: b.Out.H, W: b.Out.W, C: b.Mid})
	w, c := r.kernel(b)
	eachPixel(y, func(n, oy, ox int) {
		eachTap(b.Kernel, b.Stride, zerosBefore(b), oy, ox, x, func(tap, iy, ix int) {
			out := y.at(n, oy, ox)
			for j, v := range x.at(n, iy, ix) {
				out[j] += v * w[tap*c+j]
			}
		})
	})
	return y
}

// kernel is the active depthwise kernel, (kernel²,c): steps of two through the centres, each times
// its matrix if there is one.
func (r *reference) kernel(b supernet.Block) (w []float64, c int) {
	name := b.Name + ".depthwise"
	w = r.values[name+".weight"]
	size, c := r.shapes[name+".weight"][0], r.shapes[name+".weight"][2]
	for ; size > b.Kernel; size -= 2 {
		to := size - 2
		matrix, crop := r.values[fmt.Sprintf("%s.transform.%dto%d", name, size, to)],
			make([]float64, to*to*c)
		for i := range to * to {
			for j := range to * to {
				m := map[bool]float64{true: 1}[i == j]
				if matrix != nil {
					m = matrix[i*to*to+j]
				}
				for ch := range c {
					crop[i*c+ch] += m * w[((j/to+1)*size+j%to+1)*c+ch]
				}
			}
		}
		w = crop
	}
	return w, c
}

// excite multiplies by the gates of squeeze-and-excitation.
func (r *reference) excite(b supernet.Block, x image) {
	name := b.Name + ".se."
	full, hidden := r.shapes[name+"reduce.weight"][0], r.shapes[name+"reduce.weight"][1]
	hiddenAct, gateAct := b.SEAct, b.SEGate
	if hiddenAct == "" {
		hiddenAct = supernet.ReLU
	}
	if gateAct == "" {
		gateAct = supernet.HSigmoid
	}
	for n := range r.n {
		squeezed, gate := slices.Clone(r.values[name+"reduce.bias"]),
			slices.Clone(r.values[name+"expand.bias"])
		one := image{1, x.h, x.w, x.c, x.v[n*x.h*x.w*x.c:][:x.h*x.w*x.c]}
		eachPixel(one, func(_, h, w int) {
			for i, v := range one.at(0, h, w) {
				for k := range b.SE {
					squeezed[k] += v / float64(x.h*x.w) * r.values[name+"reduce.weight"][i*hidden+k]
				}
			}
		})
		for k := range b.SE {
			for i := range x.c {
				gate[i] += act(hiddenAct, squeezed[k]) * r.values[name+"expand.weight"][k*full+i]
			}
		}
		eachPixel(one, func(_, h, w int) {
			for i := range x.c {
				one.at(0, h, w)[i] *= act(gateAct, gate[i])
			}
		})
	}
}

// norm normalises with the batch's mean and biased variance.
func (r *reference) norm(name string, x image) {
	count := float64(x.n * x.h * x.w)
	for c := range x.c {
		var mean, variance float64
		for i := c; i < len(x.v); i += x.c {
			mean += x.v[i] / count
		}
		for i := c; i < len(x.v); i += x.c {
			variance += (x.v[i] - mean) * (x.v[i] - mean) / count
		}
		scale := r.values[name+".weight"][c] / math.Sqrt(variance+1e-5)
		for i := c; i < len(x.v); i += x.c {
			x.v[i] = (x.v[i]-mean)*scale + r.values[name+".bias"][c]
		}
	}
}

func activate(x image, a supernet.Act) {
	for i, v := range x.v {
		x.v[i] = act(a, v)
	}
}

func eachPixel(x image, f func(n, h, w int)) {
	for i := range x.n * x.h * x.w {
		f(i/(x.h*x.w), i/x.w%x.h, i%x.w)
	}
}

func eachTap(kernel, stride int, before [2]int, oy, ox int, x image, f func(tap, iy, ix int)) {
	for tap := range kernel * kernel {
		iy, ix := oy*stride+tap/kernel-before[0], ox*stride+tap%kernel-before[1]
		if iy >= 0 && iy < x.h && ix >= 0 && ix < x.w {
			f(tap, iy, ix)
		}
	}
}
