package trainer

import (
	"errors"
	"math"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
)

// cutLogits are those of a sub-network that is cut out, image by image.
func cutLogits(t *testing.T, e *Evaluator, l lesson, set Set) [][]float32 {
	t.Helper()
	net, err := e.Extract(t.Context(), l.arch)
	if err != nil {
		t.Fatal(err)
	}
	pool := nn.NewPool(1)
	defer pool.Close()
	run := engine.NewRunner(net, pool)
	run.Bind(net.Blocks, 1, nn.Infer)
	loader, err := data.NewLoader(set, e.size, e.channels, data.LoaderConfig{Batch: 1,
		Transform: e.transform, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for b, err := range loader.Epoch(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		e.inputs.Fill(run.Input(), net.Blocks[0].In.H, b)
		all = append(all, append([]float32(nil), run.Forward()...))
	}
	return all
}

// softmax is written from its definition.
func softmax(z []float32) (p []float64) {
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(float64(v))
	}
	for _, v := range z {
		p = append(p, math.Exp(float64(v))/sum)
	}
	return p
}

// TestImitate: the figures are those of networks that are cut out, computed image by image.
func TestImitate(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Epochs, j.Config.Strategy = 1, BigNAS
	run := train(t, j)
	d := microData(t, run)
	set := data.Subset(d.Test, 33, 1) // of odd number
	e, err := NewEvaluator(run.Net, d, EvalSettings{CalibrationImages: 70, Batch: 32, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	space := run.Info.Space
	answers, err := e.Answers(t.Context(), space.Max(), set)
	if err != nil {
		t.Fatal(err)
	}
	largest := cutLogits(t, e, lesson{arch: space.Max()}, set)
	for _, l := range sandwich(changed(t, func(c *Config) { c.Networks = 4 }), space, 3) {
		got, err := e.Imitate(t.Context(), l.arch, set, answers)
		if err != nil {
			t.Fatal(err)
		}
		var right, even, divergence float64
		for i, z := range cutLogits(t, e, l, set) {
			if nn.Correct(z, []int32{int32(set.Label(i))}, len(z)) == 1 {
				right++
				even += float64(1 - i%2)
			}
			p, q := softmax(largest[i]), softmax(z)
			for c := range p {
				divergence += p[c] * math.Log(p[c]/q[c]) / 33
			}
		}
		if got.Top1 != right/33 || got.Top1Even != even/17 ||
			math.Abs(got.Divergence-divergence) > 1e-6 {
			t.Errorf("%v: %+v, want top-1 %g, of every second %g, divergence %g",
				space.Spec(l.arch), got, right/33, even/17, divergence)
		}
		if l.arch == space.Max() && math.Abs(got.Divergence) > 1e-7 {
			t.Errorf("the largest network diverges from itself by %g", got.Divergence)
		}
	}
	if _, err := e.Imitate(t.Context(), space.Max(), d.Test, answers); !errors.Is(err, ErrConfig) {
		t.Errorf("answers for other images: %v", err)
	}
}
