package reference_test

import (
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

// allLayers makes one of each layer that has parameters.
func allLayers(p *nn.Params) {
	reference.NewConv(p, "dense", 3, 2, 3, 64, reference.ReLU, 1e-5)
	reference.NewConv(p, "pointwise", 1, 1, 64, 128, reference.HSwish, 0)
	reference.NewDepthwise(p, "dw", []int{3, 5, 7}, 1, 96, true, reference.ReLU, 1e-5)
	reference.NewSE(p, "se", 96, 24, reference.ReLU, reference.HSigmoid)
	reference.NewLinear(p, "linear", 100, 200, reference.Identity)
	reference.NewBiased(p, "biased", 5, 1, 20, 50, true, reference.Identity)
}

// TestInit checks the distributions that Init documents: standard deviation by fan-out, bounds,
// constants.
func TestInit(t *testing.T) {
	p := &nn.Params{}
	allLayers(p)
	p.Init(7)
	weights := p.ByName()
	for name, std := range map[string]float64{
		"dense.weight":     math.Sqrt(2.0 / (9 * 64)),
		"pointwise.weight": math.Sqrt(2.0 / 128),
		"dw.weight":        math.Sqrt(2.0 / 49),
		"se.reduce.weight": math.Sqrt(2.0 / 24),
		"se.expand.weight": math.Sqrt(2.0 / 96),
		// of a uniform distribution within ±1/√in
		"linear.weight": 1 / math.Sqrt(100) / math.Sqrt(3),
		"biased.weight": 1 / math.Sqrt(500) / math.Sqrt(3),
	} {
		mean, variance := moments64(weights[name].Data)
		if n := math.Sqrt(float64(len(weights[name].Data))); math.Abs(mean) > 4*std/n ||
			math.Abs(math.Sqrt(variance)/std-1) > 4/n {
			t.Errorf("%s has mean %.4g and deviation %.4g, want 0 and %.4g", name, mean,
				math.Sqrt(variance), std)
		}
	}
	for name, want := range map[string]float32{"dense.bn.weight": 1, "dense.bn.bias": 0,
		"linear.bias": 0, "biased.bias": 0, "se.expand.bias": 0} {
		if i := slices.IndexFunc(weights[name].Data,
			func(v float32) bool { return v != want }); i >= 0 {
			t.Errorf("%s[%d] is %g, want %g", name, i, weights[name].Data[i], want)
		}
	}
	for i, v := range weights["dw.transform.7to5"].Data {
		if want := map[bool]float32{true: 1}[i/25 == i%25]; v != want {
			t.Errorf("transform[%d] is %g, want %g", i, v, want)
		}
	}
}

func moments64(v []float32) (mean, variance float64) {
	z := make([]float64, len(v))
	for i := range v {
		z[i] = float64(v[i])
	}
	return moments(z)
}

// TestInitDependsOnNameAndSeedAlone: the same layer in another network begins with the same values.
func TestInitDependsOnNameAndSeedAlone(t *testing.T) {
	many, one, other := &nn.Params{}, &nn.Params{}, &nn.Params{}
	allLayers(many)
	reference.NewLinear(one, "linear", 100, 200, reference.Identity)
	reference.NewLinear(other, "linear", 100, 200, reference.Identity)
	many.Init(1)
	one.Init(1)
	other.Init(2)
	equal(t, "linear.weight", one.ByName()["linear.weight"].Data,
		many.ByName()["linear.weight"].Data)
	if slices.Equal(one.List[0].Data, other.List[0].Data) {
		t.Error("two seeds give the same values")
	}
}

func TestWeightDecaySparesNormsAndBiases(t *testing.T) {
	p := &nn.Params{}
	allLayers(p)
	for _, w := range p.List {
		if vector := len(w.Shape) == 1; w.Decay == vector {
			t.Errorf("%s, %v: decay is %v", w.Name, w.Shape, w.Decay)
		}
	}
}

// TestSharedParams: layers that share have the same memory, gradients included; statistics are
// parameters only on request.
func TestSharedParams(t *testing.T) {
	own := &nn.Params{Train: true}
	allLayers(own)
	shared := &nn.Params{Share: own.ByName(), Train: true}
	allLayers(shared)
	for i, w := range shared.List {
		if w != own.List[i] {
			t.Errorf("%s is another parameter", w.Name)
		}
		if len(w.Grad) != len(w.Data) || len(w.Momentum) != len(w.Data) {
			t.Errorf("%s has %d values, %d gradients, %d momenta", w.Name, len(w.Data), len(w.Grad),
				len(w.Momentum))
		}
	}
	inferring := &nn.Params{Statistics: true}
	allLayers(inferring)
	weights := inferring.ByName()
	if len(inferring.List) != len(own.List)+4 || weights["dw.bn.mean"] == nil ||
		weights["dense.bn.var"] == nil {
		t.Errorf("%d parameters with statistics, want 4 more than %d", len(inferring.List),
			len(own.List))
	}
	if weights["dense.weight"].Grad != nil {
		t.Error("a network that only infers has gradients")
	}
}
