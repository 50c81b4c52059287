package meter

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// TestEachOnce: the values are those of an evaluator, in the order asked for; a second meter of the
// same settings knows them, and one of other settings does not.
func TestEachOnce(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	run, d := micro.Train(t, space, 1, 30)
	settings := Settings{Images: 20, Calibration: 16, Workers: 2, Seed: 3}
	archs := []supernet.Arch{space.Max(), space.Min(), space.Max()}
	m := open(t, run, settings)
	samples, err := m.Measure(t.Context(), archs)
	if err != nil {
		t.Fatal(err)
	}
	e, err := trainer.NewEvaluator(run.Net, d, trainer.EvalSettings{CalibrationImages: 16,
		Batch: evaluationBatch, Workers: 1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for i, a := range archs {
		want, err := e.Top1(t.Context(), a, m.images)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := space.Arch(samples[i].Arch); err != nil || got != a ||
			samples[i].Value != want {
			t.Errorf("sample %d is %+v (%v), want top-1 %v", i, samples[i], err, want)
		}
	}
	if m.Images() != 20 {
		t.Errorf("a measurement takes %d images, want 20", m.Images())
	}
	if n := open(t, run, settings).CountKnown(archs); n != len(archs) {
		t.Errorf("a second meter knows %d of %d", n, len(archs))
	}
	settings.Test = true
	if n := open(t, run, settings).CountKnown(archs); n != 0 {
		t.Errorf("a meter with other images knows %d", n)
	}
}

func open(t *testing.T, run *trainer.Run, s Settings) *Meter {
	t.Helper()
	d, err := run.OpenData("")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(t.Context(), run, d, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}
