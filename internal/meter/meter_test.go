package meter

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/measurements"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/weights"
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

// TestOtherText: a quantity that a file has twice, as it was edited, does not stand for another.
func TestOtherText(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	run, _ := micro.Train(t, space, 1, 30)
	settings := Settings{Images: 20, Calibration: 16, Seed: 3}
	m := open(t, run, settings)
	text, err := json.Marshal(space.Spec(space.Min()))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ quantity, arch string }{
		{measurements.Top1, string(text)}, {measurements.Top1, " " + string(text)},
		{measurements.Divergence, string(text)}} {
		about := m.subject
		about.Quantity = row.quantity
		if err := m.log.Put(t.Context(), about, measurements.Measurement{Arch: row.arch,
			Value: 0.5}); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, run, settings)
	if n := again.CountKnown([]supernet.Arch{space.Min()}); n != 0 {
		t.Fatal("a network without one of its quantities is known")
	}
	got, err := again.Measure(t.Context(), []supernet.Arch{space.Min()})
	if err != nil || got[0].Divergence == 0.5 {
		t.Errorf("%+v, %v: it was not measured", got, err)
	}
}

// TestNotFinite: a network whose answers are no numbers is named, and nothing of it is kept.
func TestNotFinite(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	run, _ := micro.Train(t, space, 1, 30)
	tensors := run.Net.Tensors()
	for i := range tensors {
		if tensors[i].Name == "head.classifier.weight" {
			tensors[i].Data[0] = float32(math.Inf(1))
		}
	}
	if err := weights.Load(run.Net, tensors); err != nil {
		t.Fatal(err)
	}
	settings := Settings{Images: 20, Calibration: 16, Seed: 3}
	m := open(t, run, settings)
	for _, a := range []supernet.Arch{space.Min(), space.Max()} {
		_, err := m.Measure(t.Context(), []supernet.Arch{a})
		if err == nil || !strings.Contains(err.Error(), "not finite numbers") ||
			!strings.Contains(err.Error(), `network {"`) {
			t.Errorf("%v, expected an error that names the network", err)
		}
		if n := open(t, run, settings).CountKnown([]supernet.Arch{a}); n != 0 {
			t.Error("a value of it is kept")
		}
	}
	if _, err := m.evaluators[0].Confusion(t.Context(), space.Min(), m.images); err == nil ||
		!strings.Contains(err.Error(), "not finite numbers") {
		t.Errorf("tested, it is %v", err)
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
