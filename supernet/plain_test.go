package supernet_test

import (
	"math"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// everyPlain is a small network of blocks without batch norm with all that they can be: padded and
// not, strides, kernel 1, activations, windows that overlap, that leave an edge, odd sizes.
func everyPlain() []supernet.Block {
	shape := func(h, w, c int) supernet.Shape { return supernet.Shape{H: h, W: w, C: c} }
	conv := func(name string, in, out supernet.Shape, kernel, stride int, act supernet.Act,
		valid bool) supernet.Block {
		return supernet.Block{Name: name, Kind: supernet.Conv, In: in, Out: out, Kernel: kernel,
			Stride: stride, Act: act, Bias: true, Valid: valid}
	}
	pool := func(name string, in, out supernet.Shape, kernel, stride int) supernet.Block {
		return supernet.Block{Name: name, Kind: supernet.MaxPool, In: in, Out: out, Kernel: kernel,
			Stride: stride}
	}
	line := func(name string, in supernet.Shape, out int, act supernet.Act) supernet.Block {
		return supernet.Block{Name: name, Kind: supernet.Linear, In: in, Out: shape(1, 1, out),
			Act: act}
	}
	return []supernet.Block{
		conv("a", shape(14, 13, 3), shape(14, 13, 5), 3, 1, supernet.ReLU, false),
		pool("b", shape(14, 13, 5), shape(6, 6, 5), 3, 2),
		conv("c", shape(6, 6, 5), shape(6, 6, 9), 1, 1, "", false),
		conv("d", shape(6, 6, 9), shape(6, 6, 17), 5, 1, supernet.HSwish, false),
		pool("e", shape(6, 6, 17), shape(5, 5, 17), 2, 1),
		conv("f", shape(5, 5, 17), shape(3, 3, 8), 3, 2, supernet.ReLU6, false),
		conv("g", shape(3, 3, 8), shape(1, 1, 33), 3, 1, "", true),
		line("h", shape(1, 1, 33), 20, supernet.HSwish),
		line("i", shape(1, 1, 20), 6, ""),
	}
}

// tfPlain is two convolutions of even and odd sides with TensorFlow's padding.
func tfPlain() []supernet.Block {
	conv := func(name string, in, out supernet.Shape, kernel int) supernet.Block {
		return supernet.Block{
			Name: name, Kind: supernet.Conv, In: in, Out: out, Kernel: kernel, Stride: 2,
			Act: supernet.HSwish, Bias: true,
			Padding: supernet.TFSame,
		}
	}
	first, second := supernet.Shape{H: 6, W: 5, C: 5}, supernet.Shape{H: 3, W: 3, C: 7}
	return []supernet.Block{
		conv("a", supernet.Shape{H: 12, W: 9, C: 3}, first, 5), conv("b", first, second, 3),
		{Name: "c", Kind: supernet.Linear, In: second, Out: supernet.Shape{H: 1, W: 1, C: 4}},
	}
}

// plainNets are networks of blocks without batch norm, by name.
func plainNets(t testing.TB) map[string][]supernet.Block {
	t.Helper()
	nets := map[string][]supernet.Block{"every block": everyPlain(), "tf_same": tfPlain()}
	for _, name := range supernet.PublishedNames() {
		blocks, err := supernet.Published(name)
		if err != nil {
			t.Fatal(err)
		}
		nets[name] = blocks
	}
	return nets
}

// newPlainNet makes a network that can be trained, with biases that no initialisation has.
func newPlainNet(t testing.TB, blocks []supernet.Block) *supernet.Subnet {
	t.Helper()
	sub, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	rnd := newRand(3)
	for _, p := range weights.Params(sub) {
		if strings.HasSuffix(p.Name, ".bias") {
			for i := range p.Data {
				p.Data[i] += float32(rnd.NormFloat64() * 0.1)
			}
		}
	}
	weights.EnableTraining(sub)
	return sub
}

func eachPlainNet(t *testing.T, f func(t *testing.T, blocks []supernet.Block)) {
	for name, blocks := range plainNets(t) {
		t.Run(name, func(t *testing.T) { f(t, blocks) })
	}
}

// TestPlainNetsAgainstReference: logits, in every mode, and derivatives along random directions are
// those of the reference.
func TestPlainNetsAgainstReference(t *testing.T) {
	eachPlainNet(t, func(t *testing.T, blocks []supernet.Block) {
		const n = 3
		sub := newPlainNet(t, blocks)
		r := runner(t, 2, sub)
		got := step(r, blocks, n, 5)
		ref := newReference(weights.Params(sub), n)
		var x []float64
		for _, v := range images(blocks, n, 5) {
			x = append(x, float64(v))
		}
		want := ref.logits(blocks, x)
		for j := range want {
			if d := math.Abs(float64(got[j]) - want[j]); d > 1e-5*(1+math.Abs(want[j])) {
				t.Errorf("logit %d is %g, the reference has %g", j, got[j], want[j])
			}
		}
		ref.checkGradients(t, weights.Params(sub), blocks, func() (loss float64) {
			logits := ref.logits(blocks, x)
			for j, g := range logitGrad(len(logits), 5) {
				loss += logits[j] * float64(g)
			}
			return loss
		})
		for _, mode := range []nn.Mode{nn.Calibrate, nn.Infer} {
			if other := forward(r, blocks, mode, n, 5); !sameBits(other, got) {
				t.Errorf("mode %d gives other logits than training", mode)
			}
		}
	})
}

// TestPlainNetsOnAnyWorkers: a step gives the same bits on 1 to 4 workers.
func TestPlainNetsOnAnyWorkers(t *testing.T) {
	eachPlainNet(t, func(t *testing.T, blocks []supernet.Block) {
		var want map[string][]float32
		for workers := 1; workers <= 4; workers++ {
			sub := newPlainNet(t, blocks)
			r := runner(t, workers, sub)
			got := map[string][]float32{"logits": step(r, blocks, 11, 1)}
			for _, p := range weights.Params(sub) {
				got["gradient of "+p.Name] = p.Grad
			}
			got["inference"] = forward(r, blocks, nn.Infer, 3, 4)
			if workers == 1 {
				want = got
			}
			for name, v := range want {
				if !sameBits(v, got[name]) {
					t.Errorf("%d workers give other bits of %s", workers, name)
				}
			}
		}
	})
}

// TestSteadyStep: after the first, a step allocates nothing.
func TestSteadyStep(t *testing.T) {
	eachPlainNet(t, func(t *testing.T, blocks []supernet.Block) {
		r := runner(t, 1, newPlainNet(t, blocks))
		step(r, blocks, 9, 1)
		if allocs := testing.AllocsPerRun(3, func() {
			r.Bind(blocks, 9, nn.Train)
			r.Forward()
			r.Backward()
		}); allocs > 0 {
			t.Errorf("a step allocates %g times", allocs)
		}
	})
}
