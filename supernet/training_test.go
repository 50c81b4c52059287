package supernet_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// trainable extracts a sub-network that can be trained.
func trainable(t *testing.T, net *supernet.Supernet, a supernet.Arch) ([]supernet.Block,
	*supernet.Subnet) {
	t.Helper()
	blocks, _, sub := extract(t, net, a)
	weights.EnableTraining(sub)
	return blocks, sub
}

// TestSubnetGradients: a network on its own has the gradients that it has in its supernet,
// statistics none.
func TestSubnetGradients(t *testing.T) {
	net := supernet.New(builtin(t, "mbv3-tiny"), 1)
	in := runner(t, 2, net)
	for _, a := range sampleArchs(net.Space, 4) {
		blocks, sub := trainable(t, net, a)
		want := step(in, blocks, 11, 3)
		full := gradients(net)
		if got := step(runner(t, 2, sub), blocks, 11, 3); !sameBits(got, want) {
			t.Errorf("%s: logits are %v, in the supernet %v", show(net.Space, a), got[:3], want[:3])
		}
		shapes := map[string][]int{}
		for _, p := range weights.Params(net) {
			shapes[p.Name] = p.Shape
		}
		for _, p := range weights.Params(sub) {
			if p.Statistic != (strings.HasSuffix(p.Name, ".bn.mean") || strings.HasSuffix(p.Name,
				".bn.var")) {
				t.Errorf("%s: statistic is %v", p.Name, p.Statistic)
			}
			if p.Statistic {
				if p.Grad != nil || p.Momentum != nil {
					t.Errorf("%s, a statistic, has a gradient", p.Name)
				}
				continue
			}
			g := part(full[p.Name], shapes[p.Name], p.Shape)
			if d := difference(t, p.Grad, g); d > 1e-6*largest(g) {
				t.Errorf("%s: gradient of %s is off by %.3g of %.3g", show(net.Space, a), p.Name, d,
					largest(g))
			}
		}
	}
}

// part is the leading part of a tensor of the supernet; the centre of a depthwise kernel
// (height,width,channels).
func part(full []float32, fullShape, shape []int) []float32 {
	out := make([]float32, 0, len(full))
	for i, v := range full {
		at, in := position(fullShape, i), true
		for d, n := range shape {
			from := 0
			if len(shape) == 3 && d < 2 {
				from = (fullShape[d] - n) / 2
			}
			in = in && at[d] >= from && at[d] < from+n
		}
		if in {
			out = append(out, v)
		}
	}
	return out
}

// TestSubnetTrains: plain gradient steps lower the loss and leave the statistics alone.
func TestSubnetTrains(t *testing.T) {
	net := supernet.New(builtin(t, "mbv3-tiny"), 1)
	blocks, sub := trainable(t, net, net.Space.Random(newRand(4)))
	r := runner(t, 2, sub)
	before := values(sub)
	r.Bind(blocks, 16, nn.Train)
	copy(r.Input(), images(blocks, 16, 1))
	classes := net.Space.Classes
	target, labels := make([]float32, 16*classes), make([]int32, 16)
	for i := range labels {
		labels[i] = int32(i % classes)
	}
	nn.SmoothLabels(target, labels, classes, 0)
	var losses []float64
	for range 10 {
		losses = append(losses, nn.CrossEntropy(r.LogitGrad(), r.Forward(), target, classes, 1, 1))
		r.Backward()
		for _, p := range weights.Params(sub) {
			for i, g := range p.Grad {
				p.Data[i] -= 0.05 * g
			}
			clear(p.Grad)
		}
	}
	if !slices.IsSortedFunc(losses, func(a, b float64) int { return cmp.Compare(b, a) }) ||
		losses[9] > 0.9*losses[0] {
		t.Errorf("losses do not fall: %.3f", losses)
	}
	for _, p := range weights.Params(sub) {
		if same := slices.Equal(p.Data, before[p.Name]); same != p.Statistic {
			t.Errorf("%s: unchanged is %v, statistic is %v", p.Name, same, p.Statistic)
		}
	}
}

// values copies all weights and statistics.
func values(s *supernet.Subnet) map[string][]float32 {
	all := map[string][]float32{}
	for _, p := range weights.Params(s) {
		all[p.Name] = slices.Clone(p.Data)
	}
	return all
}

// TestSubnetCalibrates: after training a calibration gives statistics under which inference of the
// same batch repeats what batch statistics gave, on every runner; weights stay as they are.
func TestSubnetCalibrates(t *testing.T) {
	net := supernet.New(builtin(t, "mbv3-tiny"), 1)
	blocks, sub := trainable(t, net, net.Space.Max())
	r := runner(t, 2, sub)
	stale := forward(r, blocks, nn.Infer, 12, 5)
	for _, p := range weights.Params(sub) {
		if !p.Statistic {
			for i := range p.Data {
				p.Data[i] *= 1.5
			}
		}
	}
	before := values(sub)
	want := forward(r, blocks, nn.Train, 12, 5)
	if !maps.EqualFunc(values(sub), before, slices.Equal) {
		t.Fatal("training moves the statistics")
	}
	forward(r, blocks, nn.Calibrate, 12, 5)
	r.FinishCalibration()
	for i, other := range []engine.Runner{r, runner(t, 1, sub)} {
		got := forward(other, blocks, nn.Infer, 12, 5)
		if d := difference(t, got, want); d > 1e-4*largest(want) {
			t.Errorf("runner %d: inference with the new statistics is off by %.3g of %.3g", i, d,
				largest(want))
		}
		if d := difference(t, got, stale); d < 1e-3*largest(want) {
			t.Errorf("runner %d: inference still has the old statistics", i)
		}
	}
	for _, p := range weights.Params(sub) {
		if same := slices.Equal(p.Data, before[p.Name]); same == p.Statistic {
			t.Errorf("%s: unchanged is %v, statistic is %v", p.Name, same, p.Statistic)
		}
	}
}
