package trainer

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/passes"
)

// TestConfusionAgreesWithTop1, counted in another way, inside the supernet and cut out.
func TestConfusionAgreesWithTop1(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Epochs, j.Config.Strategy = 2, Full
	run := train(t, j)
	d := microData(t, run)
	e, err := NewEvaluator(run.Net, d, EvalSettings{CalibrationImages: 70, Batch: 32, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	arch := run.Info.Space.Max()
	top1, err := e.Top1(t.Context(), arch, d.Test)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := e.Confusion(t.Context(), arch, d.Test)
	if err != nil {
		t.Fatal(err)
	}
	net, err := e.Extract(t.Context(), arch)
	if err != nil {
		t.Fatal(err)
	}
	mean, std := d.Stats()
	alone, err := passes.Test(t.Context(), net, d.Test, d.Size,
		data.Transform{Mean: mean, Std: std}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	images := make([]int, len(d.Classes))
	for i := range d.Test.Len() {
		images[d.Test.Label(i)]++
	}
	for _, c := range []Confusion{counts, alone} {
		if c.Top1() != top1 {
			t.Errorf("top-1 is %v by the confusion, %v counted alone", c.Top1(), top1)
		}
		for class, n := range images {
			if c.Images(class) != n {
				t.Errorf("class %d has %d images in the confusion, %d in the set", class,
					c.Images(class), n)
			}
		}
	}
}
