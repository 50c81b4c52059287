package supernet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestWeightsRoundTrip: weights and momentum come back from files to the same bits.
func TestWeightsRoundTrip(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := newRand(6)
		for _, p := range weights.Params(net) {
			for i := range p.Momentum {
				p.Momentum[i] = float32(r.NormFloat64())
			}
		}
		other := supernet.New(net.Space, 99)
		if err := weights.Load(other, roundTrip(t, net.Tensors())); err != nil {
			t.Fatal(err)
		}
		if err := weights.LoadMomentum(other, roundTrip(t, weights.Momentum(net))); err != nil {
			t.Fatal(err)
		}
		for i, p := range weights.Params(other) {
			want := weights.Params(net)[i]
			if p.Name != want.Name || !sameBits(p.Data, want.Data) ||
				!sameBits(p.Momentum, want.Momentum) {
				t.Errorf("%s comes back as another %s", want.Name, p.Name)
			}
		}
		blocks := net.Space.Blocks(net.Space.Min())
		a, b := forward(runner(t, 1, net), blocks, nn.Train, 2, 1),
			forward(runner(t, 1, other), blocks, nn.Train, 2, 1)
		if !sameBits(a, b) {
			t.Error("the loaded network gives other logits")
		}
	})
}

// TestNewFollowsTheSeed and nothing else.
func TestNewFollowsTheSeed(t *testing.T) {
	s := parse(t, everything)
	a, b, other := supernet.New(s, 1).Tensors(), supernet.New(s, 1).Tensors(),
		supernet.New(s, 2).Tensors()
	differ := false
	for i := range a {
		if !sameBits(a[i].Data, b[i].Data) {
			t.Errorf("%s differs between two supernets of one seed", a[i].Name)
		}
		differ = differ || !sameBits(a[i].Data, other[i].Data)
	}
	if !differ {
		t.Error("another seed gives the same weights")
	}
}

// TestTensorNames: names are distinct and shapes fit, as a file needs it.
func TestTensorNames(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		seen := map[string]bool{}
		for _, tensor := range net.Tensors() {
			n := 1
			for _, d := range tensor.Shape {
				n *= d
			}
			if seen[tensor.Name] || n != len(tensor.Data) {
				t.Errorf("%s: %v with %d values, seen before: %v", tensor.Name, tensor.Shape,
					len(tensor.Data), seen[tensor.Name])
			}
			seen[tensor.Name] = true
		}
	})
}

// TestLoadErrors: a file of another network is refused, says why, and leaves the weights alone.
func TestLoadErrors(t *testing.T) {
	net := newNet(t, everything)
	edit := func(f func(tensors []safetensors.Tensor) []safetensors.Tensor) []safetensors.Tensor {
		return f(slices.Clone(net.Tensors()))
	}
	at := slices.IndexFunc(net.Tensors(),
		func(t safetensors.Tensor) bool { return t.Name == "stages.1.0.expand.weight" })
	for want, tensors := range map[string][]safetensors.Tensor{
		"tensor stages.1.0.expand.weight is missing": edit(
			func(v []safetensors.Tensor) []safetensors.Tensor {
				return slices.Delete(v, at, at+1)
			}),
		"tensor stages.1.0.expand.weight is [24 8], expected [8 24]": edit(
			func(v []safetensors.Tensor) []safetensors.Tensor {
				v[at].Shape = []int{24, 8}
				return v
			}),
		"tensor stages.1.0.expand.weight is [192], expected [8 24]": edit(
			func(v []safetensors.Tensor) []safetensors.Tensor {
				v[at].Shape = []int{192}
				return v
			}),
		"tensors, expected": edit(func(v []safetensors.Tensor) []safetensors.Tensor {
			return append(v, safetensors.Tensor{Name: "more", Shape: []int{1}, Data: []float32{0}})
		}),
		"is missing": nil,
	} {
		was := weightsOf(net)
		err := weights.Load(net, roundTrip(t, tensors))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(),
			"another network") {
			t.Errorf("got %v, want %s", err, want)
			continue
		}
		oneLine(t, err)
		for name, v := range weightsOf(net) {
			if !sameBits(v, was[name]) {
				t.Errorf("%s: %s was loaded", want, name)
			}
		}
	}
}

// TestLoadSubnetErrors: the same for a network that stands alone.
func TestLoadSubnetErrors(t *testing.T) {
	net := newNet(t, everything)
	blocks, _, sub := extract(t, net, net.Space.Min())
	file := roundTrip(t, sub.Tensors())
	if _, err := supernet.LoadSubnet(blocks, net.Space.BNEps, file); err != nil {
		t.Fatal(err)
	}
	larger := net.Space.Blocks(net.Space.Max())
	if _, err := supernet.LoadSubnet(larger, net.Space.BNEps, file); err == nil ||
		!strings.Contains(err.Error(), "another network") {
		t.Errorf("the weights of another network give %v", err)
	}
	huge := slices.Clone(larger)
	last := &huge[len(huge)-1]
	last.Out.C = 1 << 20 // whose memory must not be taken
	if _, err := supernet.LoadSubnet(huge, net.Space.BNEps, file); err == nil ||
		!strings.Contains(err.Error(), "this one has") {
		t.Errorf("a network that claims far more: %v", err)
	}
	if _, err := supernet.LoadSubnet(nil, net.Space.BNEps, file); err == nil {
		t.Error("a network without blocks is accepted")
	}
	for _, eps := range []float64{0, -1, 1e300} {
		if _, err := supernet.LoadSubnet(blocks, eps, file); err == nil {
			t.Errorf("batch norm epsilon %g is accepted", eps)
		}
		if _, err := supernet.NewSubnet(blocks, eps, 1); err == nil {
			t.Errorf("batch norm epsilon %g is accepted for timing", eps)
		}
	}
}
