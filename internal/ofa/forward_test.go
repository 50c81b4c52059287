package ofa

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/tensorfile"
	"github.com/tailor-nas/tailor/supernet"
)

// microSpace is of the form of OFA's MobileNetV3, and small.
const microSpace = `
tailor: space/1
name: micro-ofa
classes: 3
resolutions: [16, 20]
kernel_transform: true
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: h_swish, se: true, depth: [1, 2], kernel: [3, 5, 7], expand: [2, 3]}
head: {expand: 24, features: 32, act: h_swish}
`

// weights are tensors with the axes of PyTorch, by the names that OFA's code gives.
type weights map[string]tensorfile.Tensor

// microWeights are random ones.
func microWeights() weights {
	w, r := weights{}, rand.New(rand.NewPCG(3, 1))
	w.norm(r, "first_conv.bn.", 8)
	w.add(r, "first_conv.conv.weight", 8, 3, 3, 3)
	w.norm(r, "blocks.0.conv.depth_conv.bn.", 8)
	w.add(r, "blocks.0.conv.depth_conv.conv.weight", 8, 1, 3, 3)
	w.norm(r, "blocks.0.conv.point_linear.bn.", 8)
	w.add(r, "blocks.0.conv.point_linear.conv.weight", 8, 8, 1, 1)
	for i, in := range []int{8, 16} {
		b, mid := fmt.Sprintf("blocks.%d.conv.", i+1), 3*in
		hidden := divisible(mid / 4)
		w.norm(r, b+"inverted_bottleneck.bn.bn.", mid)
		w.add(r, b+"inverted_bottleneck.conv.conv.weight", mid, in, 1, 1)
		w.norm(r, b+"depth_conv.bn.bn.", mid)
		w.add(r, b+"depth_conv.conv.conv.weight", mid, 1, 7, 7)
		w.add(r, b+"depth_conv.conv.7to5_matrix", 25, 25)
		w.add(r, b+"depth_conv.conv.5to3_matrix", 9, 9)
		w.add(r, b+"depth_conv.se.fc.reduce.weight", hidden, mid, 1, 1)
		w.add(r, b+"depth_conv.se.fc.reduce.bias", hidden)
		w.add(r, b+"depth_conv.se.fc.expand.weight", mid, hidden, 1, 1)
		w.add(r, b+"depth_conv.se.fc.expand.bias", mid)
		w.norm(r, b+"point_linear.bn.bn.", 16)
		w.add(r, b+"point_linear.conv.conv.weight", 16, mid, 1, 1)
	}
	w.norm(r, "final_expand_layer.bn.", 24)
	w.add(r, "final_expand_layer.conv.weight", 24, 16, 1, 1)
	w.add(r, "feature_mix_layer.conv.weight", 32, 24, 1, 1)
	w.add(r, "classifier.linear.weight", 3, 32)
	w.add(r, "classifier.linear.bias", 3)
	return w
}

func (w weights) add(r *rand.Rand, name string, shape ...int) {
	t := tensorfile.Tensor{Name: name, Shape: shape}
	n := 1
	for _, s := range shape {
		n *= s
	}
	for range n {
		t.Data = append(t.Data, float32(r.NormFloat64()/math.Sqrt(float64(n/shape[0]))))
	}
	w[name] = t
}

func (w weights) norm(r *rand.Rand, name string, width int) {
	for _, part := range []string{"weight", "bias", "running_mean", "running_var"} {
		w.add(r, name+part, width)
	}
	for i, v := range w[name+"running_var"].Data {
		w[name+"running_var"].Data[i] = 0.5 + v*v
	}
}

// divisible is OFA's make_divisible by 8.
func divisible(v int) int {
	n := max(8, (v+4)/8*8)
	if 10*n < 9*v {
		n += 8
	}
	return n
}

// plane is an image of one channel, and features are an image of many.
type (
	plane struct {
		side int
		at   []float64
	}
	features []plane
)

// get is 0 outside.
func (p plane) get(y, x int) float64 {
	if min(x, y) < 0 || max(x, y) >= p.side {
		return 0
	}
	return p.at[y*p.side+x]
}

// convolve adds the convolution of p with a kernel of k by k to out.
func (p plane) convolve(out plane, kernel []float64, k, stride int) {
	for y := range out.side {
		for x := range out.side {
			for i, v := range kernel {
				out.at[y*out.side+x] += v * p.get(y*stride+i/k-k/2, x*stride+i%k-k/2)
			}
		}
	}
}

func blank(channels, side int) features {
	m := make(features, channels)
	for i := range m {
		m[i] = plane{side, make([]float64, side*side)}
	}
	return m
}

// dense is a convolution with the leading output and input channels of a weight.
func (w weights) dense(m features, name string, out, stride int) features {
	t := w[name]
	k := t.Shape[2]
	r := blank(out, (m[0].side+stride-1)/stride)
	for o := range r {
		for i := range m {
			m[i].convolve(r[o], doubles(t.Data[(o*t.Shape[1]+i)*k*k:][:k*k]), k, stride)
		}
	}
	return r
}

// depthwise is a convolution with a kernel that follows from the largest, of side full.
func (w weights) depthwise(m features, name string, full, k, stride int) features {
	r := blank(len(m), (m[0].side+stride-1)/stride)
	for c := range m {
		kernel, side := doubles(w[name+".weight"].Data[c*full*full:][:full*full]), full
		layer := name[:len(name)-len(".conv")] // whose part has the matrices
		for ; side > k; side -= 2 {
			matrix := w[fmt.Sprintf("%s.%dto%d_matrix", layer, side, side-2)].Data
			kernel = smaller(kernel, side, doubles(matrix))
		}
		m[c].convolve(r[c], kernel, k, stride)
	}
	return r
}

// smaller is a matrix times the centre of a kernel.
func smaller(kernel []float64, side int, matrix []float64) (out []float64) {
	var centre []float64
	for y := 1; y < side-1; y++ {
		centre = append(centre, kernel[y*side+1:][:side-2]...)
	}
	for i := range centre {
		sum := 0.0
		for j, v := range centre {
			sum += matrix[i*len(centre)+j] * v
		}
		out = append(out, sum)
	}
	return out
}

func doubles(v []float32) (d []float64) {
	for _, x := range v {
		d = append(d, float64(x))
	}
	return d
}

func (m features) each(f func(channel int, v float64) float64) features {
	for c := range m {
		for i, v := range m[c].at {
			m[c].at[i] = f(c, v)
		}
	}
	return m
}

// norms is batch norm with the statistics of the file.
func (w weights) norms(m features, name string) features {
	part := func(p string, c int) float64 { return float64(w[name+p].Data[c]) }
	return m.each(func(c int, v float64) float64 {
		return (v-part("running_mean", c))/math.Sqrt(part("running_var", c)+1e-5)*
			part("weight", c) + part("bias", c)
	})
}

func relu(_ int, v float64) float64   { return max(v, 0) }
func hswish(_ int, v float64) float64 { return v * min(max(v+3, 0), 6) / 6 }

func (m features) means() features {
	r := blank(len(m), 1)
	for c, p := range m {
		for _, v := range p.at {
			r[c].at[0] += v / float64(len(p.at))
		}
	}
	return r
}

// excite is squeeze-and-excitation.
func (w weights) excite(m features, name string) features {
	bias := func(part string) func(int, float64) float64 {
		return func(c int, v float64) float64 { return v + float64(w[name+part].Data[c]) }
	}
	s := w.dense(m.means(), name+"reduce.weight", divisible(len(m)/4), 1).each(bias("reduce.bias"))
	s = w.dense(s.each(relu), name+"expand.weight", len(m), 1).each(bias("expand.bias"))
	return m.each(func(c int, v float64) float64 {
		return v * min(max(s[c].at[0]+3, 0), 6) / 6
	})
}

// forward gives the logits of a sub-network.
func (w weights) forward(m features, a supernet.Spec) (logits []float64) {
	m = w.norms(w.dense(m, "first_conv.conv.weight", 8, 2), "first_conv.bn.").each(hswish)
	m = w.fixed(m)
	for i := range a.D[0] {
		b := fmt.Sprintf("blocks.%d.conv.", i+1)
		in, stride, mid := m, 2-i, int(float64(len(m))*a.E[i])
		m = w.dense(m, b+"inverted_bottleneck.conv.conv.weight", mid, 1)
		m = w.norms(m, b+"inverted_bottleneck.bn.bn.").each(hswish)
		m = w.depthwise(m, b+"depth_conv.conv.conv", 7, a.KS[i], stride)
		m = w.norms(m, b+"depth_conv.bn.bn.").each(hswish)
		m = w.excite(m, b+"depth_conv.se.fc.")
		m = w.norms(w.dense(m, b+"point_linear.conv.conv.weight", 16, 1),
			b+"point_linear.bn.bn.")
		if stride == 1 {
			m.add(in)
		}
	}
	m = w.norms(w.dense(m, "final_expand_layer.conv.weight", 24, 1), "final_expand_layer.bn.")
	m = w.dense(m.each(hswish).means(), "feature_mix_layer.conv.weight", 32, 1).each(hswish)
	for o, v := range w["classifier.linear.bias"].Data {
		logits = append(logits, float64(v))
		for i, p := range m {
			logits[o] += float64(w["classifier.linear.weight"].Data[o*32+i]) * p.at[0]
		}
	}
	return logits
}

// fixed is the first block, which has no choice and no expand convolution.
func (w weights) fixed(in features) features {
	const b = "blocks.0.conv."
	m := w.depthwise(in, b+"depth_conv.conv", 3, 3, 1)
	m = w.norms(m, b+"depth_conv.bn.").each(relu)
	m = w.norms(w.dense(m, b+"point_linear.conv.weight", 8, 1), b+"point_linear.bn.")
	m.add(in)
	return m
}

func (m features) add(other features) {
	for c := range m {
		for i, v := range other[c].at {
			m[c].at[i] += v
		}
	}
}
