package export

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestFold: the product of a folded weight, with the bias added, is batch norm of the product.
func TestFold(t *testing.T) {
	in := supernet.Shape{H: 5, W: 5, C: 3}
	net, err := supernet.NewSubnet([]supernet.Block{{
		Name: "stem", Kind: supernet.Conv, In: in, Out: supernet.Shape{H: 5, W: 5, C: 4}, Kernel: 3,
		Stride: 1, Act: supernet.ReLU, BN: true,
	}}, 1e-2, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, of := rand.New(rand.NewPCG(1, 1)), map[string][]float32{}
	for _, p := range net.Tensors() {
		of[strings.TrimPrefix(p.Name, "stem.")] = p.Data
		for i := range p.Data {
			p.Data[i] += float32(r.Float64())
		}
	}
	of["weight"][0], of["bn.weight"][0] = 0, -2
	ops, err := net.Blocks[0].Ops()
	if err != nil {
		t.Fatal(err)
	}
	weight, bias, err := WeightsOf(net).Fold(ops[0])
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range of["weight"] {
		c, x := i%4, 0.7
		product := float64(w) * x
		normed := (product - float64(of["bn.mean"][c])) / math.Sqrt(float64(of["bn.var"][c])+1e-2)
		want := normed*float64(of["bn.weight"][c]) + float64(of["bn.bias"][c])
		if got := float64(weight[i])*x + float64(bias[c]); math.Abs(got-want) > 1e-5 {
			t.Errorf("value %d gives %g, expected %g", i, got, want)
		}
	}
	if math.Float32bits(weight[0]) != 0 {
		t.Errorf("a zero became %g", weight[0])
	}
}

func TestFoldNeedsItsWeights(t *testing.T) {
	w := Weights{data: map[string][]float32{"a": {1, 2}}}
	o := supernet.Op{Kind: supernet.OpLinear, Weight: "a", In: supernet.Shape{H: 1, W: 1, C: 3},
		Out: supernet.Shape{H: 1, W: 1, C: 1}}
	_, _, err := w.Fold(o)
	if err == nil || !strings.Contains(err.Error(), `weight "a" has 2 values, expected 3`) {
		t.Errorf("error %v", err)
	}
}
