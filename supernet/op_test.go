package supernet_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// opNets are networks with every kind of block, and every way that it can be.
func opNets(t testing.TB) map[string][]supernet.Block {
	nets := plainNets(t)
	for _, text := range netTexts {
		s := parse(t, text)
		for i, a := range sampleArchs(s, 3) {
			nets[fmt.Sprint(s.Name, s.Padding, s.KernelTransform, i)] = s.Blocks(a)
		}
	}
	return nets
}

// TestOpsNameTheWeights: operations name the tensors of a network, all of them, with their shapes.
func TestOpsNameTheWeights(t *testing.T) {
	for name, blocks := range opNets(t) {
		net, err := supernet.NewSubnet(blocks, 1e-5, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]int{}
		for _, b := range blocks {
			for _, o := range b.MustOps() {
				for tensor, shape := range tensorsOf(o) {
					want[tensor] = shape
				}
			}
		}
		for _, tensor := range net.Tensors() {
			if !slices.Equal(want[tensor.Name], tensor.Shape) {
				t.Errorf("%s: %s is %v, operations say %v", name, tensor.Name, tensor.Shape,
					want[tensor.Name])
			}
			delete(want, tensor.Name)
		}
		if len(want) > 0 {
			t.Errorf("%s: operations have %v besides", name, want)
		}
	}
}

func tensorsOf(o supernet.Op) map[string][]int {
	all, out := map[string][]int{}, []int{o.Out.C}
	if o.Weight != "" {
		all[o.Weight] = o.WeightShape()
	}
	if o.Bias != "" {
		all[o.Bias] = out
	}
	if o.Norm != "" {
		for _, part := range []string{".weight", ".bias", ".mean", ".var"} {
			all[o.Norm+part] = out
		}
	}
	return all
}

// TestOpsCompute: operations, executed one after the other in float64, give what the engine gives.
func TestOpsCompute(t *testing.T) {
	const n = 2
	for name, blocks := range opNets(t) {
		net, err := supernet.NewSubnet(blocks, 1e-3, 7)
		if err != nil {
			t.Fatal(err)
		}
		rnd := newRand(4)
		for _, p := range weights.Params(net) {
			for i := range p.Data {
				p.Data[i] += float32(math.Abs(rnd.NormFloat64()) * 0.2)
			}
		}
		got := forward(runner(t, 2, net), blocks, nn.Infer, n, 3)
		want := execute(net, blocks, images(blocks, n, 3), n)
		for i, v := range want {
			if d := math.Abs(v - float64(got[i])); d > 1e-4*(1+math.Abs(v)) {
				t.Errorf("%s: logit %d is %g, operations give %g", name, i, got[i], v)
				break
			}
		}
	}
}

// execute runs a network by its operations alone.
func execute(net *supernet.Subnet, blocks []supernet.Block, x []float32, n int) []float64 {
	r := newReference(weights.Params(net), n)
	in := newImage(n, blocks[0].In)
	for i, v := range x {
		in.v[i] = float64(v)
	}
	for _, b := range blocks {
		done := map[int]image{supernet.BlockInput: in}
		for i, o := range b.MustOps() {
			done[i] = r.operation(o, done, net.BNEps)
			in = done[i]
		}
	}
	return in.v
}

func (r *reference) operation(o supernet.Op, done map[int]image, eps float64) image {
	x := done[o.Args[0]]
	y := newImage(r.n, o.Out)
	w := r.values[o.Weight]
	switch o.Kind {
	case supernet.OpLinear:
		x = image{x.n, 1, 1, x.h * x.w * x.c, x.v}
		o.Kernel, o.Stride = 1, 1
		fallthrough
	case supernet.OpConv:
		eachWindow(o, x, y, func(tap, i, j int, in,
			out []float64) {
			out[j] += in[i] * w[(tap*x.c+i)*y.c+j]
		})
	case supernet.OpDepthwise:
		eachWindow(o, x, y, func(tap, i, j int, in, out []float64) {
			if i == j {
				out[j] += in[i] * w[tap*x.c+i]
			}
		})
	case supernet.OpMaxPool:
		for i := range y.v {
			y.v[i] = math.Inf(-1)
		}
		eachWindow(o, x, y, func(_, i, j int, in, out []float64) {
			if i == j {
				out[j] = max(out[j], in[i])
			}
		})
	case supernet.OpMean:
		eachPixel(x, func(n, h, w int) {
			for c, v := range x.at(n, h, w) {
				y.at(n, 0, 0)[c] += v / float64(x.h*x.w)
			}
		})
	case supernet.OpAdd, supernet.OpMultiply:
		eachPixel(y, func(n, h, w int) {
			for c, v := range x.at(n, h, w) {
				if o.Kind == supernet.OpAdd {
					y.at(n, h, w)[c] = v + done[o.Args[1]].at(n, h, w)[c]
				} else {
					y.at(n, h, w)[c] = v * done[o.Args[1]].at(n, 0, 0)[c]
				}
			}
		})
	}
	r.finish(o, y, eps)
	return y
}

// eachWindow gives every pair of an input and an output value, with the tap that is between them.
func eachWindow(o supernet.Op, x, y image, f func(tap, i, j int, in, out []float64)) {
	eachPixel(y, func(n, oy, ox int) {
		for tap := range o.Kernel * o.Kernel {
			iy := oy*o.Stride + tap/o.Kernel - o.Pads.Top
			ix := ox*o.Stride + tap%o.Kernel - o.Pads.Left
			if iy < 0 || ix < 0 || iy >= x.h || ix >= x.w {
				continue
			}
			for i := range x.c {
				for j := range y.c {
					f(tap, i, j, x.at(n, iy, ix), y.at(n, oy, ox))
				}
			}
		}
	})
}

// finish adds the bias, normalises and activates.
func (r *reference) finish(o supernet.Op, y image, eps float64) {
	scale, shift := r.values[o.Norm+".weight"], r.values[o.Norm+".bias"]
	mean, variance := r.values[o.Norm+".mean"], r.values[o.Norm+".var"]
	eachPixel(y, func(n, h, w int) {
		for c := range y.at(n, h, w) {
			v := &y.at(n, h, w)[c]
			if o.Bias != "" {
				*v += r.values[o.Bias][c]
			}
			if o.Norm != "" {
				*v = (*v-mean[c])/math.Sqrt(variance[c]+eps)*scale[c] + shift[c]
			}
			*v = act(o.Act, *v)
		}
	})
}

func act(a supernet.Act, v float64) float64 {
	six := func(v float64) float64 { return min(max(v, 0), 6) }
	switch a {
	case supernet.ReLU:
		return max(v, 0)
	case supernet.ReLU6:
		return six(v)
	case supernet.HSwish:
		return v * six(v+3) / 6
	case supernet.HSigmoid:
		return six(v+3) / 6
	case supernet.SiLU:
		return v / (1 + math.Exp(-v))
	case supernet.Sigmoid:
		return 1 / (1 + math.Exp(-v))
	}
	return v
}

// TestOpsChain: shapes, arguments and padding of operations fit together.
func TestOpsChain(t *testing.T) {
	for name, blocks := range opNets(t) {
		names := map[string]bool{}
		for _, b := range blocks {
			shapes := map[int]supernet.Shape{supernet.BlockInput: b.In}
			ops := b.MustOps()
			for i, o := range ops {
				if names[o.Name] || shapes[o.Args[0]] != o.In {
					t.Errorf("%s: %+v takes %v", name, o, shapes[o.Args[0]])
				}
				if o.Kernel > 0 && (rowsOf(o) != o.Out.H || columnsOf(o) != o.Out.W) {
					t.Errorf("%s: %+v gives %dx%d", name, o, rowsOf(o), columnsOf(o))
				}
				names[o.Name], shapes[i] = true, o.Out
			}
			if last := ops[len(ops)-1]; last.Out != b.Out {
				t.Errorf("%s: %s ends in %v, not %v", name, b.Name, last.Out, b.Out)
			}
		}
	}
}

func rowsOf(o supernet.Op) int { return (o.In.H+o.Pads.Top+o.Pads.Bottom-o.Kernel)/o.Stride + 1 }
func columnsOf(o supernet.Op) int {
	return (o.In.W+o.Pads.Left+o.Pads.Right-o.Kernel)/o.Stride + 1
}

// TestUnknownKind: nobody takes a block of unknown kind for one that does nothing.
func TestUnknownKind(t *testing.T) {
	b := everyPlain()[0]
	for _, kind := range []supernet.Kind{"", "minpool"} {
		b.Kind = kind
		if _, err := b.Ops(); err == nil || !strings.Contains(err.Error(),
			"is unknown; use conv, mbconv, pool, maxpool or linear") {
			t.Errorf("operations of kind %q: %v", kind, err)
		}
		if b.Check() == nil || b.Prunable(supernet.Weights) || b.Prunable(supernet.Channels) {
			t.Errorf("kind %q is taken", kind)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("kind %q has %d MACs", kind, b.MACs())
				}
			}()
			b.MACs()
		}()
		text := fmt.Sprintf(`{"name": "a", "kind": %q}`, kind)
		if err := json.Unmarshal([]byte(text), &b); err == nil || !strings.Contains(err.Error(),
			"is unknown") {
			t.Errorf("read %s: %v", text, err)
		}
	}
}

// TestConvolutionWithBiasCounts: the weights of LeNet-5 are those that the literature counts.
func TestConvolutionWithBiasCounts(t *testing.T) {
	blocks, err := supernet.Published("lenet-5-caffe")
	if err != nil {
		t.Fatal(err)
	}
	net := newPlainNet(t, blocks)
	if weights, nonZero := net.NonZero(); weights != 430500 || nonZero > weights {
		t.Errorf("%d weights, %d not zero", weights, nonZero)
	}
	if macs := net.MACsNonZero(); macs != supernet.MACs(blocks) {
		t.Errorf("%d MACs of weights that are not zero, of %d", macs, supernet.MACs(blocks))
	}
}
