package ofa

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// resNetSpace is of the form of OFA's ResNets, and small.
const resNetSpace = `
tailor: space/1
name: micro-resnet
classes: 3
resolutions: [20, 26]
widths: [0.5, 1]
stem: {width: 32, stride: 2, act: relu, depth: [1, 2]}
stages:
  - {block: bottleneck, width: 24, stride: 1, act: relu, depth: [1, 2], depth_from: 1, kernel: [3], expand: [0.4, 0.7]}
  - {block: bottleneck, width: 32, stride: 2, act: relu, depth: [1, 2], depth_from: 1, kernel: [3], expand: [0.3, 0.5]}
head: {}
`

// resNetWeights are random ones, by the names of OFA's code.
func resNetWeights() weights {
	w, r := weights{}, rand.New(rand.NewPCG(8, 1))
	layer := func(name string, in, out, kernel int) {
		w.norm(r, name+".bn.bn.", out)
		w.add(r, name+".conv.conv.weight", out, in, kernel, kernel)
	}
	layer("input_stem.0", 3, 16, 3)
	layer("input_stem.1.conv", 16, 16, 3)
	layer("input_stem.2", 16, 32, 3)
	in := 32
	for i, out := range []int{24, 24, 32, 32} {
		b, mid := fmt.Sprintf("blocks.%d.", i), 16 // of 24*0.7 and of 32*0.5
		layer(b+"conv1", in, mid, 1)
		layer(b+"conv2", mid, mid, 3)
		layer(b+"conv3", mid, out, 1)
		if i%2 == 0 {
			layer(b+"downsample", in, out, 1)
		}
		in = out
	}
	w.add(r, "classifier.linear.linear.weight", 3, 32)
	w.add(r, "classifier.linear.linear.bias", 3)
	return w
}

// layer is a convolution and batch norm.
func (w weights) layer(m features, name string, out, stride int) features {
	return w.norms(w.dense(m, name+".conv.conv.weight", out, stride), name+".bn.bn.")
}

// windows gives f of the pixels of each window that are in the image, of size by size pixels, after
// some rows and columns of none.
func (m features) windows(size, stride, before int, f func([]float64) float64) features {
	r := blank(len(m), (m[0].side+stride-1)/stride)
	for c, p := range m {
		for i := range r[c].at {
			var pixels []float64
			for t := range size * size {
				y := i/r[c].side*stride + t/size - before
				x := i%r[c].side*stride + t%size - before
				if min(x, y) >= 0 && max(x, y) < p.side {
					pixels = append(pixels, p.at[y*p.side+x])
				}
			}
			r[c].at[i] = f(pixels)
		}
	}
	return r
}

func mean(pixels []float64) (sum float64) {
	for _, v := range pixels {
		sum += v / float64(len(pixels))
	}
	return sum
}

// resNet gives the logits of a sub-network.
func (w weights) resNet(m features, a supernet.Spec) (logits []float64) {
	by := []float64{0.5, 1}
	width := func(base, gene int) int { return divisible(int(float64(base) * by[a.W[gene]])) }
	half := divisible(width(32, 0) / 2)
	m = w.layer(m, "input_stem.0", half, 2).each(relu)
	if a.D[0] == 2 {
		in := m
		m = w.layer(m, "input_stem.1.conv", half, 1).each(relu)
		m.add(in)
	}
	m = w.layer(m, "input_stem.2", width(32, 1), 1).each(relu)
	m = m.windows(3, 2, 1, func(p []float64) float64 { return slices.Max(p) })
	for stage, base := range []int{24, 32} {
		out := width(base, 2+stage)
		for j := range 1 + a.D[1+stage] {
			b, stride := fmt.Sprintf("blocks.%d.", 2*stage+j), 1
			if j == 0 {
				stride = 1 + stage
			}
			mid := divisible(int(math.RoundToEven(float64(out) * a.E[2*stage+j])))
			in := m
			m = w.layer(m, b+"conv1", mid, 1).each(relu)
			m = w.layer(m, b+"conv2", mid, stride).each(relu)
			m = w.layer(m, b+"conv3", out, 1)
			if j == 0 {
				in = w.layer(in.windows(stride, stride, 0, mean), b+"downsample", out, 1)
			}
			m.add(in)
			m = m.each(relu)
		}
	}
	m = m.means()
	for o, v := range w["classifier.linear.linear.bias"].Data {
		logits = append(logits, float64(v))
		for i, p := range m {
			logits[o] += float64(w["classifier.linear.linear.weight"].Data[o*32+i]) * p.at[0]
		}
	}
	return logits
}

// TestResNet compares all kinds of sub-networks with a computation in float64 that follows OFA's
// code.
func TestResNet(t *testing.T) {
	space, err := supernet.ParseSpace("micro.yaml", []byte(resNetSpace))
	if err != nil {
		t.Fatal(err)
	}
	w := resNetWeights()
	s, err := ReadSupernet(t.Context(), space, w.file(t, same))
	if err != nil || len(s.Unused) > 0 || s.Tensors != len(w) {
		t.Fatalf("%+v, %v", s, err)
	}
	pool := nn.NewPool(1)
	defer pool.Close()
	run, r := engine.NewRunner(s.Net, pool), rand.New(rand.NewPCG(5, 5))
	archs := []supernet.Arch{space.Max(), space.Min()}
	for range 30 {
		archs = append(archs, space.Random(r))
	}
	for _, a := range archs {
		run.Bind(space.Blocks(a), 1, nn.Infer)
		image := blank(3, int(a.Resolution))
		for i := range run.Input() {
			v := float32(r.NormFloat64())
			run.Input()[i], image[i%3].at[i/3] = v, float64(v)
		}
		got, want := run.Forward(), w.resNet(image, space.Spec(a))
		for i := range want {
			if math.Abs(float64(got[i])-want[i]) > 1e-5*(1+math.Abs(want[i])) {
				t.Fatalf("%v: logits %v, expected %v", space.Spec(a), got, want)
			}
		}
	}
}

// TestResNetNamings: names without what elastic layers add are the same weights.
func TestResNetNamings(t *testing.T) {
	space, err := supernet.ParseSpace("micro.yaml", []byte(resNetSpace))
	if err != nil {
		t.Fatal(err)
	}
	w := resNetWeights()
	full, err := ReadSupernet(t.Context(), space, w.file(t, same))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := ReadSupernet(t.Context(), space, w.file(t, func(name string) string {
		return strings.NewReplacer("conv.conv.weight", "conv.weight", "bn.bn.", "bn.",
			"linear.linear.", "linear.").Replace(name)
	}))
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range plain.Net.Tensors() {
		if !slices.Equal(x.Data, full.Net.Tensors()[i].Data) {
			t.Errorf("another %s", x.Name)
		}
	}
}
