package main

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// tinyJob is a DepS step on the smallest shipped space.
func tinyJob(t *testing.T) *job {
	t.Helper()
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	max, min := space.Max(), space.Min()
	min.Resolution = max.Resolution // one batch serves all networks
	n := &net{name: "tiny", space: space, networks: [][]supernet.Block{space.Blocks(max),
		space.Blocks(min)}}
	path, err := writeJob(t.TempDir(), n, 8)
	if err != nil {
		t.Fatal(err)
	}
	j, err := readJob(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(j.Networks[1], n.networks[1]) || j.BNEps != space.BNEps {
		t.Fatal("the job was read with other networks than written")
	}
	return j
}

func newTestStepper(t *testing.T, j *job, threads int) *stepper {
	t.Helper()
	s, err := newStepper(j, threads)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func TestStepLearns(t *testing.T) {
	s := newTestStepper(t, tinyJob(t), 1)
	s.step()
	first := slices.Clone(s.losses)
	for range 10 {
		s.step()
	}
	if len(first) != 2 || !(s.losses[0] < first[0]) {
		t.Errorf("losses went from %v to %v", first, s.losses)
	}
}

func TestStepOnAnyThreads(t *testing.T) {
	j := tinyJob(t)
	one, two := newTestStepper(t, j, 1), newTestStepper(t, j, 2)
	for range 3 {
		one.step()
		two.step()
	}
	for i, p := range weights.Params(one.net) {
		if !slices.Equal(p.Data, weights.Params(two.net)[i].Data) {
			t.Fatalf("%s differs between 1 and 2 threads", p.Name)
		}
	}
}

// The gradient of a step is the sum of each network's own.
func TestStepSumsGradients(t *testing.T) {
	j := tinyJob(t)
	both := newTestStepper(t, j, 1)
	both.step()
	want := make([][]float64, len(weights.Params(both.net)))
	for i, blocks := range j.Networks {
		alone := newTestStepper(t, j, 1)
		logits := forward(alone, blocks)
		target := alone.labels
		if i > 0 {
			target = both.teacher
		}
		nn.CrossEntropy(alone.run.LogitGrad(), logits, target, alone.classes, 1, 1)
		alone.run.Backward()
		for k, p := range weights.Params(alone.net) {
			if want[k] == nil {
				want[k] = make([]float64, len(p.Grad))
			}
			for x, g := range p.Grad {
				want[k][x] += float64(g)
			}
		}
	}
	for k, p := range weights.Params(both.net) {
		for x, g := range p.Grad {
			if math.Abs(float64(g)-want[k][x]) > 1e-6+1e-4*math.Abs(want[k][x]) {
				t.Fatalf("gradient %d of %s is %g, the networks' own add up to %g", x, p.Name, g,
					want[k][x])
			}
		}
	}
}

func forward(s *stepper, blocks []supernet.Block) []float32 {
	s.run.Bind(blocks, s.n, nn.Train)
	copy(s.run.Input(), s.images)
	return s.run.Forward()
}

// Two steps of torch.optim.SGD by hand: rate 0.5, Nesterov momentum 0.5, weight decay 0.25.
func TestUpdate(t *testing.T) {
	s := &stepper{job: &job{Rate: 0.5, Momentum: 0.5, WeightDecay: 0.25}}
	weight := &nn.Param{Data: []float32{4}, Grad: []float32{1}, Momentum: []float32{0}, Decay: true}
	bias := &nn.Param{Data: []float32{4}, Grad: []float32{1}, Momentum: []float32{0}}
	for _, want := range [][2]float32{{2.5, 3.25}, {1.03125, 2.375}} {
		s.update(weight)
		s.update(bias)
		if weight.Data[0] != want[0] || bias.Data[0] != want[1] {
			t.Errorf("got %g and %g, want %v", weight.Data[0], bias.Data[0], want)
		}
	}
}

func TestNewStepperRefuses(t *testing.T) {
	j := tinyJob(t)
	for name, change := range map[string]func(*job){
		"no weights":    func(j *job) { j.Weights = "/does/not/exist" },
		"other weights": func(j *job) { j.Weights = j.Batch },
		"other batch":   func(j *job) { j.Batch = j.Weights },
		"cut batch": func(j *job) {
			j.Batch = filepath.Join(t.TempDir(), "cut.safetensors")
			if _, err := safetensors.Write(j.Batch,
				[]safetensors.Tensor{{Name: "labels", Shape: []int{1}, Data: []float32{1}}},
				nil); err != nil {
				t.Fatal(err)
			}
		},
	} {
		c := *j
		change(&c)
		if _, err := newStepper(&c, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
