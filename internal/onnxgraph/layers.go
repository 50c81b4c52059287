package onnxgraph

import (
	"math"
	"slices"
)

// conv is a convolution of maps (N,C,H,W) with weights (out,in/group,height,width).
func conv(m *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x, w := args[0], args[1]
	if len(x.Dims) != 4 || len(w.Dims) != 4 {
		return nil, refusef("a convolution of %v with weights %v", x.Dims, w.Dims)
	}
	group := n.Int("group", 1)
	channels, outs, per := x.Dims[1], w.Dims[0], w.Dims[1]
	if group < 1 || per < 1 || per*group != channels || outs%group != 0 {
		return nil, refusef("%d groups of weights %v for %d channels", group, w.Dims, channels)
	}
	win, err := n.Window(x.Dims[2:], w.Dims[2:])
	if err != nil {
		return nil, err
	}
	y, err := made(x.Dims[0], outs, win.Out[0], win.Out[1])
	if err != nil {
		return nil, err
	}
	if err := m.spend(len(y.Data), per, w.Dims[2], w.Dims[3]); err != nil {
		return nil, err
	}
	bias := make([]float64, outs)
	if len(args) > 2 && args[2] != nil {
		if bias = args[2].Data; len(bias) != outs {
			return nil, refusef("%d biases for %d channels", len(bias), outs)
		}
	}
	plane, outPlane := x.Dims[2]*x.Dims[3], win.Out[0]*win.Out[1]
	for image := range x.Dims[0] {
		for o := range outs {
			if err := m.ctx.Err(); err != nil {
				return nil, err
			}
			to := y.Data[(image*outs+o)*outPlane:][:outPlane]
			for i := range to {
				to[i] = bias[o]
			}
			first := o / (outs / group) * per
			for i := range per {
				from := x.Data[(image*channels+first+i)*plane:][:plane]
				k := w.Data[(o*per+i)*w.Dims[2]*w.Dims[3]:][:w.Dims[2]*w.Dims[3]]
				win.add(to, from, k)
			}
		}
	}
	return y, nil
}

// Window is how a kernel moves over a map.
type Window struct {
	In, Out, Kernel, Stride [2]int // height, width
	Pads                    [4]int // top, left, bottom, right
}

// maxSide bounds a kernel, its stride and its padding.
const maxSide = 1 << 12

// Window reads how a node's kernel moves over a map of a size. The kernel's own size is that of its
// weight; nil where it has none.
func (n *Node) Window(in, weight []int) (w Window, err error) {
	kernel := n.Ints("kernel_shape", weight...)
	if weight != nil && !slices.Equal(kernel, weight) {
		return w, refusef("kernel_shape is %v, and its weight has a kernel of %v: expected the same",
			kernel, weight)
	}
	strides, pads := n.Ints("strides", 1, 1), n.Ints("pads", 0, 0, 0, 0)
	dilations := n.Ints("dilations", 1, 1)
	if len(in) != 2 || len(kernel) != 2 || len(strides) != 2 || len(pads) != 4 ||
		!slices.Equal(dilations, []int{1, 1}) || n.Int("ceil_mode", 0) != 0 {
		return w, refusef("kernel %v, strides %v, pads %v, dilations %v", kernel, strides, pads,
			dilations)
	}
	for _, v := range slices.Concat(kernel, strides) {
		if v < 1 || v > maxSide {
			return w, refusef("kernel %v with strides %v", kernel, strides)
		}
	}
	w = Window{In: [2]int(in), Kernel: [2]int(kernel), Stride: [2]int(strides),
		Pads: [4]int(pads)}
	auto := n.Attributes["auto_pad"].S
	for i := range 2 {
		switch auto {
		case "SAME_UPPER", "SAME_LOWER":
			w.same(i, auto == "SAME_UPPER")
		case "VALID":
			w.Pads[i], w.Pads[i+2] = 0, 0
		case "", "NOTSET":
		default:
			return w, refusef("auto_pad is %q, expected NOTSET, SAME_UPPER, SAME_LOWER or VALID",
				clipped(auto))
		}
		if w.Pads[i] < 0 || w.Pads[i+2] < 0 || w.Pads[i]+w.Pads[i+2] > maxSide {
			return w, refusef("pads %v", pads)
		}
		w.Out[i] = (w.In[i]+w.Pads[i]+w.Pads[i+2]-w.Kernel[i])/w.Stride[i] + 1
		if w.In[i]+w.Pads[i]+w.Pads[i+2] < w.Kernel[i] {
			return w, refusef("kernel %v is larger than the map %v", kernel, in)
		}
	}
	return w, nil
}

// same sets the padding of a side by which the output has as many pixels as there are strides.
func (w *Window) same(i int, upper bool) {
	out := (w.In[i] + w.Stride[i] - 1) / w.Stride[i]
	total := max(0, (out-1)*w.Stride[i]+w.Kernel[i]-w.In[i])
	less := total / 2
	w.Pads[i], w.Pads[i+2] = total-less, less
	if upper {
		w.Pads[i], w.Pads[i+2] = less, total-less
	}
}

// add adds the products of a kernel with one map to another.
func (w *Window) add(to, from, k []float64) {
	for ky := range w.Kernel[0] {
		for kx := range w.Kernel[1] {
			f := k[ky*w.Kernel[1]+kx]
			for oy := range w.Out[0] {
				iy := oy*w.Stride[0] + ky - w.Pads[0]
				if iy < 0 || iy >= w.In[0] {
					continue
				}
				w.row(to[oy*w.Out[1]:][:w.Out[1]], from[iy*w.In[1]:][:w.In[1]], f, kx-w.Pads[1])
			}
		}
	}
}

// row adds f times the pixels of a row, of which the first is at the given place.
func (w *Window) row(to, from []float64, f float64, at int) {
	for i := range to {
		if x := at + i*w.Stride[1]; x >= 0 && x < len(from) {
			to[i] += f * from[x]
		}
	}
}

func batchNorm(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x := args[0]
	if len(x.Dims) < 2 {
		return nil, refusef("batch norm of %v", x.Dims)
	}
	c := x.Dims[1]
	for _, a := range args[1:5] {
		if len(a.Data) != c {
			return nil, refusef("%v values for %d channels", a.Dims, c)
		}
	}
	y, err := made(x.Dims...)
	if err != nil || len(x.Data) == 0 {
		return y, err
	}
	eps, per := n.Float("epsilon", 1e-5), len(x.Data)/(x.Dims[0]*c)
	for i, v := range x.Data {
		ch := i / per % c
		std := math.Sqrt(args[4].Data[ch] + eps)
		y.Data[i] = (v-args[3].Data[ch])/std*args[1].Data[ch] + args[2].Data[ch]
	}
	return y, nil
}

// gemm is a matrix product with a bias.
func gemm(m *machine, n *Node, args []*Tensor) (*Tensor, error) {
	a, b := args[0], args[1]
	if len(a.Dims) != 2 || len(b.Dims) != 2 || n.Int("transA", 0) != 0 ||
		n.Float("alpha", 1) != 1 || n.Float("beta", 1) != 1 {
		return nil, refusef("a product of %v and %v with factors or transposed", a.Dims, b.Dims)
	}
	if n.Int("transB", 0) != 0 {
		t := &Tensor{[]int{b.Dims[1], b.Dims[0]}, make([]float64, len(b.Data))}
		for i := range b.Dims[0] {
			for j := range b.Dims[1] {
				t.Data[j*b.Dims[0]+i] = b.Data[i*b.Dims[1]+j]
			}
		}
		b = t
	}
	y, err := matMul(m, n, []*Tensor{a, b})
	if err != nil || len(args) < 3 || args[2] == nil {
		return y, err
	}
	return broadcast(y, args[2], func(a, b float64) float64 { return a + b })
}

// matMul is a product of rows with a matrix.
func matMul(m *machine, _ *Node, args []*Tensor) (*Tensor, error) {
	a, b := args[0], args[1]
	if len(a.Dims) != 2 || len(b.Dims) != 2 || a.Dims[1] != b.Dims[0] {
		return nil, refusef("a product of %v and %v", a.Dims, b.Dims)
	}
	y, err := made(a.Dims[0], b.Dims[1])
	if err != nil {
		return nil, err
	}
	if err := m.spend(len(y.Data), a.Dims[1]); err != nil {
		return nil, err
	}
	outs := b.Dims[1]
	for r := range a.Dims[0] {
		to := y.Data[r*outs:][:outs]
		for i, v := range a.Data[r*a.Dims[1]:][:a.Dims[1]] {
			for j, w := range b.Data[i*outs:][:outs] {
				to[j] += v * w
			}
		}
	}
	return y, nil
}

// globalMean is the mean over height and width.
func globalMean(_ *machine, _ *Node, args []*Tensor) (*Tensor, error) {
	x := args[0]
	if len(x.Dims) != 4 || x.Dims[2]*x.Dims[3] == 0 {
		return nil, refusef("the mean of %v", x.Dims)
	}
	y, err := made(x.Dims[0], x.Dims[1], 1, 1)
	if err != nil {
		return nil, err
	}
	per := x.Dims[2] * x.Dims[3]
	for i := range y.Data {
		for _, v := range x.Data[i*per:][:per] {
			y.Data[i] += v / float64(per)
		}
	}
	return y, nil
}

// averagePool is known where its one window is the whole map.
func averagePool(m *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x := args[0]
	if len(x.Dims) != 4 {
		return nil, refusef("the mean of %v", x.Dims)
	}
	w, err := n.Window(x.Dims[2:], nil)
	if err != nil || w.Kernel != w.In || w.Pads != [4]int{} {
		return nil, refusef("it is known only as the mean over the whole map")
	}
	return globalMean(m, n, args)
}

// reduceMean is known over height and width.
func reduceMean(m *machine, n *Node, args []*Tensor) (*Tensor, error) {
	axes := n.Ints("axes")
	if len(args) > 1 && args[1] != nil {
		axes = args[1].whole()
	}
	if len(args[0].Dims) != 4 || !spatial(axes) {
		return nil, refusef("the mean of %v over %v", args[0].Dims, axes)
	}
	y, err := globalMean(m, n, args)
	if err == nil && n.Int("keepdims", 1) == 0 {
		y.Dims = y.Dims[:2]
	}
	return y, err
}

// spatial says whether axes are height and width of maps.
func spatial(axes []int) bool {
	axes = slices.Clone(axes)
	for i := range axes {
		if axes[i] < 0 {
			axes[i] += 4
		}
	}
	slices.Sort(axes)
	return slices.Equal(axes, []int{2, 3})
}

// softmax is known along the last axis.
func softmax(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	x := args[0]
	if len(x.Dims) != 2 || x.Dims[1] == 0 {
		return nil, refusef("softmax of %v", x.Dims)
	}
	y, err := made(x.Dims...)
	if err != nil {
		return nil, err
	}
	c := x.Dims[1]
	for r := range x.Dims[0] {
		row, sum := x.Data[r*c:][:c], 0.0
		for i, v := range row {
			y.Data[r*c+i] = math.Exp(v - slices.Max(row))
			sum += y.Data[r*c+i]
		}
		for i := range row {
			y.Data[r*c+i] /= sum
		}
	}
	return y, nil
}
