package supernet_test

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// torchTolerance is how far a tensor may be from PyTorch's, relative to its largest value.
const torchTolerance = 1e-4

// torchCase is a golden file of tools/torchcheck: a supernet, one of its sub-networks, a batch, and
// what PyTorch computes.
type torchCase struct {
	file   *safetensors.File
	net    *supernet.Supernet
	blocks []supernet.Block
	input  []float32 // (N,H,W,C)
	n      int
}

func loadTorchCase(t *testing.T, name string) *torchCase {
	t.Helper()
	f, err := safetensors.Read(filepath.Join("testdata", "torch", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	space, err := supernet.ParseSpace(name, []byte(f.Meta["space"]))
	if err != nil {
		t.Fatal(err)
	}
	arch, err := space.ParseArch([]byte(f.Meta["arch"]))
	if err != nil {
		t.Fatal(err)
	}
	c := &torchCase{file: f, net: supernet.New(space, 1), blocks: space.Blocks(arch)}
	if err := weights.Load(c.net, c.group("weight/")); err != nil {
		t.Fatal(err)
	}
	input := c.tensor(t, "input")
	c.input, c.n = input.Data, input.Shape[0]
	return c
}

func (c *torchCase) tensor(t *testing.T, name string) safetensors.Tensor {
	t.Helper()
	tensor, ok := c.file.Lookup(name)
	if !ok {
		t.Fatalf("the golden file has no %s; write it with tools/torchcheck", name)
	}
	return tensor
}

// group is the tensors whose names begin with prefix, without it.
func (c *torchCase) group(prefix string) []safetensors.Tensor {
	var g []safetensors.Tensor
	for _, tensor := range c.file.Tensors {
		if name, ok := strings.CutPrefix(tensor.Name, prefix); ok {
			tensor.Name = name
			g = append(g, tensor)
		}
	}
	return g
}

// TestTorch compares a sub-network of an elastic supernet with PyTorch: logits, two losses, the
// gradient of every weight of the supernet, calibrated statistics, and logits with these.
func TestTorch(t *testing.T) {
	for _, name := range []string{"crop", "transform", "efficient"} {
		t.Run(name, func(t *testing.T) {
			c := loadTorchCase(t, name)
			pool := nn.NewPool(2)
			defer pool.Close()
			r := engine.NewRunner(c.net, pool)
			c.soil(r)
			for _, loss := range []string{"labels", "teacher"} {
				c.checkLoss(t, r, loss)
			}
			c.checkInference(t, r, pool)
		})
	}
}

// soil trains the largest network first, so that whatever it leaves in shared memory would show.
func (c *torchCase) soil(r engine.Runner) {
	r.Bind(c.net.Space.Blocks(c.net.Space.Max()), c.n, nn.Train)
	for i := range r.Input() {
		r.Input()[i] = float32(i%7) - 3
	}
	copy(r.LogitGrad(), r.Forward())
	r.Backward()
}

// checkLoss runs one training step and compares everything that it computes.
func (c *torchCase) checkLoss(t *testing.T, r engine.Runner, kind string) {
	for _, p := range weights.Params(c.net) {
		clear(p.Grad)
	}
	r.Bind(c.blocks, c.n, nn.Train)
	copy(r.Input(), c.input)
	logits := r.Forward()
	c.compare(t, "logits of training", logits, "logits/train")
	loss := float32(c.loss(t, kind, r.LogitGrad(), logits))
	c.compare(t, "loss against "+kind, []float32{loss}, "loss/"+kind)
	r.Backward()
	c.checkGradients(t, kind)
}

// loss is that of tools/torchcheck: cross entropy with label smoothing 0.1, or distillation at
// temperature 2 with the factor 2² that keeps gradients at the scale of those from labels (Hinton
// et al., 2015, section 2).
func (c *torchCase) loss(t *testing.T, kind string, grad, logits []float32) float64 {
	classes := c.net.Space.Classes
	target := make([]float32, len(logits))
	if kind == "teacher" {
		nn.Softmax(target, c.tensor(t, "teacher").Data, classes, 2)
		return nn.CrossEntropy(grad, logits, target, classes, 2, 4)
	}
	var labels []int32
	for _, l := range c.tensor(t, "labels").Data {
		labels = append(labels, int32(l))
	}
	nn.SmoothLabels(target, labels, classes, 0.1)
	return nn.CrossEntropy(grad, logits, target, classes, 1, 1)
}

func (c *torchCase) checkGradients(t *testing.T, kind string) {
	want := c.group("grad." + kind + "/")
	if len(want) != len(weights.Params(c.net)) {
		t.Fatalf("%d gradients, want %d", len(weights.Params(c.net)), len(want))
	}
	var largest float64
	for _, g := range want {
		largest = max(largest, maxAbs(g.Data))
	}
	var worst, cancelled worstTensor
	for _, p := range weights.Params(c.net) {
		g := c.tensor(t, "grad."+kind+"/"+p.Name)
		scale := maxAbs(g.Data)
		if scale > 0 && scale < 1e-9*largest {
			// The shift of a project convolution's batch norm goes when the next batch norm takes
			// the mean away: its gradient is rounding alone and has no scale of its own.
			cancelled.see(p.Name, maxDifference(p.Grad, g.Data)/largest)
			continue
		}
		// Where the sub-network ends, rounding is no excuse.
		for i, v := range g.Data {
			if v == 0 && p.Grad[i] != 0 {
				t.Fatalf("%s[%d] has gradient %g, which no output depends on", p.Name, i, p.Grad[i])
			}
		}
		worst.see(p.Name, maxDifference(p.Grad, g.Data)/max(scale, math.SmallestNonzeroFloat64))
	}
	worst.check(t, "gradients against "+kind)
	cancelled.check(t, "cancelled gradients against "+kind)
}

// checkInference calibrates on the two halves of the batch and compares the statistics and what the
// sub-network then says, in place and on its own.
func (c *torchCase) checkInference(t *testing.T, r engine.Runner, pool *nn.Pool) {
	r.Bind(c.blocks, c.n/2, nn.Calibrate)
	for half := range slices.Chunk(c.input, len(c.input)/2) {
		copy(r.Input(), half)
		r.Forward()
	}
	r.FinishCalibration()
	alone := r.Extract(c.blocks, c.net.Space.BNEps)
	tensors, statistics := alone.Tensors(), c.group("stat/")
	var worst worstTensor
	for _, s := range statistics {
		i := slices.IndexFunc(tensors, func(t safetensors.Tensor) bool { return t.Name == s.Name })
		if i < 0 || len(tensors[i].Data) != len(s.Data) {
			t.Fatalf("the sub-network's %s is missing or has another size", s.Name)
		}
		worst.see(s.Name, maxDifference(tensors[i].Data, s.Data)/maxAbs(s.Data))
	}
	worst.check(t, "statistics")
	c.checkInferred(t, "in the supernet", r)
	c.checkInferred(t, "of the extracted network", engine.NewRunner(alone, pool))
}

func (c *torchCase) checkInferred(t *testing.T, where string, r engine.Runner) {
	r.Bind(c.blocks, c.n, nn.Infer)
	copy(r.Input(), c.input)
	c.compare(t, "logits of inference "+where, r.Forward(), "logits/infer")
}

// worstTensor remembers the tensor with the largest relative error.
type worstTensor struct {
	name  string
	error float64
	seen  int
}

func (w *worstTensor) see(name string, err float64) {
	if w.seen++; w.seen == 1 || !(err <= w.error) { // a NaN is the worst
		w.name, w.error = name, err
	}
}

func (w *worstTensor) check(t *testing.T, what string) {
	t.Helper()
	checkError(t, fmt.Sprintf("%s (%d tensors, the worst is %s)", what, w.seen, w.name), w.error)
}

// compare checks one tensor against the golden one of a name.
func (c *torchCase) compare(t *testing.T, what string, got []float32, name string) {
	t.Helper()
	want := c.tensor(t, name).Data
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	checkError(t, what, maxDifference(got, want)/maxAbs(want))
}

func checkError(t *testing.T, what string, err float64) {
	t.Helper()
	t.Logf("%s: off by %.1e", what, err)
	if !(err <= torchTolerance) {
		t.Errorf("%s: off by %.2g of the largest value, want at most %g", what, err, torchTolerance)
	}
}

func maxAbs(v []float32) (m float64) {
	for _, x := range v {
		m = max(m, math.Abs(float64(x)))
	}
	return m
}

// maxDifference is NaN if any difference is.
func maxDifference(a, b []float32) (m float64) {
	for i, x := range a {
		m = max(m, math.Abs(float64(x)-float64(b[i])))
	}
	return m
}
