package trainer

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// torchTolerance is how far weights may be from those of PyTorch in float64 after five steps,
// relative to the largest of their tensor.
const torchTolerance = 1e-5

// torchSteps is the golden file of tools/torchcheck/steps.py: a supernet, a batch for each of five
// steps, and for each rule its settings, the networks of each step and what the weights become.
type torchSteps struct {
	file  *safetensors.File
	space *supernet.Space
	cases map[string]struct {
		Config Config            `json:"config"`
		Archs  [][]supernet.Spec `json:"archs"`
	}
}

func loadTorchSteps(t *testing.T) *torchSteps {
	t.Helper()
	f, err := safetensors.Read(filepath.Join("testdata", "steps.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	s := &torchSteps{file: f}
	if s.space, err = supernet.ParseSpace("steps", []byte(f.Meta["space"])); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(f.Meta["cases"]), &s.cases); err != nil {
		t.Fatal(err)
	}
	return s
}

// group is the tensors whose names begin with prefix, without it.
func (s *torchSteps) group(prefix string) (g []safetensors.Tensor) {
	for _, tensor := range s.file.Tensors {
		if name, ok := strings.CutPrefix(tensor.Name, prefix); ok {
			tensor.Name = name
			g = append(g, tensor)
		}
	}
	return g
}

// batch is that of a step.
func (s *torchSteps) batch(t *testing.T, step int) *data.Batch {
	images, ok := s.file.Lookup("images")
	labels, also := s.file.Lookup("labels")
	if !ok || !also {
		t.Fatal("the golden file has no images or labels")
	}
	n, size := images.Shape[1], images.Shape[2]
	values := n * size * size * 3
	b := &data.Batch{N: n, Size: size, Channels: 3, X: images.Data[step*values:][:values]}
	for _, l := range labels.Data[step*n:][:n] {
		b.Labels = append(b.Labels, int32(l))
	}
	return b
}

// TestTorchSteps trains five steps by the rule of each strategy, and compares the weights with
// those of an independent program: losses, sums and averages, the rise of β, the rates and momentum
// of phases, the frozen teacher, and the sorting of channels. The random networks are that
// program's.
func TestTorchSteps(t *testing.T) {
	golden := loadTorchSteps(t)
	for name := range golden.cases {
		t.Run(name, func(t *testing.T) {
			net := golden.train(t, name)
			worst, where := 0.0, ""
			for _, want := range golden.group(name + "/") {
				for _, p := range weights.Params(net) {
					if p.Name == want.Name {
						if d := relative(p.Data, want.Data); d > worst {
							worst, where = d, p.Name
						}
					}
				}
			}
			t.Logf("differs by at most %.1e, in %s", worst, where)
			if !(worst <= torchTolerance) || where == "" {
				t.Errorf("weights differ by %.1e of their tensor's largest, in %s", worst, where)
			}
		})
	}
}

// train does the steps of a case.
func (s *torchSteps) train(t *testing.T, name string) *supernet.Supernet {
	t.Helper()
	one := s.cases[name]
	c := one.Config
	c.Batch = s.batch(t, 0).N
	c, err := c.Complete()
	if err == nil {
		err = c.settlePhases(s.space, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	net := supernet.New(s.space, 1)
	if err := weights.Load(net, s.group("weight/")); err != nil {
		t.Fatal(err)
	}
	pool := nn.NewPool(2)
	defer pool.Close()
	lessons := curriculum{c, s.space, newSchedule(c, 1)}
	run := &training{job: Job{Dir: t.TempDir()}, info: &Info{Config: c}, net: net,
		schedule: lessons.schedule, lessons: lessons}
	stepper := newStepper(c, net, pool)
	for step, archs := range one.Archs {
		run.state.Step = step
		if _, err := run.beginPhase(stepper); err != nil {
			t.Fatal(err)
		}
		_, done := stepper.step(t.Context(), step, s.batch(t, step),
			s.replace(t, lessons.at(step), archs), lessons.schedule.rate(step))
		if !done {
			t.Fatal("a step was not done")
		}
	}
	return net
}

// replace puts the given networks in the place of random ones.
func (s *torchSteps) replace(t *testing.T, lessons []lesson, archs []supernet.Spec) []lesson {
	t.Helper()
	if len(lessons) != len(archs) {
		t.Fatalf("%d networks in a step, want %d", len(lessons), len(archs))
	}
	for i, spec := range archs {
		a, err := s.space.Arch(spec)
		if err != nil {
			t.Fatal(err)
		}
		if fixed := lessons[i].teaches || i == 1 && lessons[0].teaches; fixed &&
			a != lessons[i].arch {
			t.Errorf("network %d is %v, want %v", i, s.space.Spec(lessons[i].arch), spec)
		}
		lessons[i].arch = a
	}
	return lessons
}

// kept is the distance of the values that the golden file has of each tensor.
const kept = 3

// relative is the largest difference, in the largest value.
func relative(got, want []float32) float64 {
	most, off := 0.0, 0.0
	for i, v := range want {
		most = max(most, math.Abs(float64(v)))
		off = max(off, math.Abs(float64(got[i*kept]-v)))
	}
	return off / most
}
