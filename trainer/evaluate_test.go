package trainer

import (
	"context"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// TestExtractedIsTheSame compares a sub-network inside the supernet with the same one cut out.
func TestExtractedIsTheSame(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Epochs, j.Config.Strategy = 1, BigNAS
	run := train(t, j)
	d := microData(t, run)
	seen := 0
	e, err := NewEvaluator(run.Net, d, EvalSettings{CalibrationImages: 70, Batch: 32, Workers: 2,
		Each: func(images int) { seen += images }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx := context.Background()
	space := run.Info.Space
	if _, err := e.Top1(ctx, space.Min(), d.Test); err != nil || seen != 70+d.Test.Len() {
		t.Errorf("told of %d images, %v", seen, err)
	}
	for _, l := range sandwich(changed(t, func(c *Config) { c.Networks = 6 }), space, 3) {
		a := l.arch
		want, err := e.Top1(ctx, a, d.Test)
		if err != nil {
			t.Fatal(err)
		}
		net, err := e.Extract(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.SubnetTop1(ctx, net, d.Test)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%v: top-1 %g inside the supernet, %g cut out", space.Spec(a), want, got)
		}
	}
}

func TestEvaluateStopsWithContext(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Epochs, j.Config.Strategy = 1, Full
	run := train(t, j)
	d := microData(t, run)
	e, err := NewEvaluator(run.Net, d, EvalSettings{CalibrationImages: 20, Batch: 200, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Top1(ctx, run.Info.Space.Max(), data.Subset(d.Test, 10, 1)); err == nil {
		t.Error("evaluation went on after its context had ended")
	}
}
