package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/measurements"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

func TestFitLatencyIsExactWhereTimesAddUp(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	l := inventedLatency(t, space)
	archs := micro.AllArchs(space)
	if want := 40; len(archs) != want {
		t.Fatalf("the space has %d networks, want %d", len(archs), want)
	}
	predicted, err := l.Predict(archs)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs {
		if want := micro.NetworkMS(space, a); math.Abs(predicted[i]-want) > 1e-9*want {
			t.Errorf("%v: %v ms, want %v", space.Spec(a), predicted[i], want)
		}
	}
	if l.Device != "0123456789abcdef0123456789abcdef" || l.Runtime != "native/3 threads=1" {
		t.Errorf("device %q and runtime %q are not the profile's", l.Device, l.Runtime)
	}
}

// TestFitLatencyKeepsDoubt: a predictor says what its profile does, also where it is a transfer.
func TestFitLatencyKeepsDoubt(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	p, path := micro.Profile(t, space)
	p.NetworkSession.UnstableReason = "it grew warm"
	l, err := FitLatency(space, p, path)
	if err != nil || l.Unstable != "it grew warm" {
		t.Errorf("fitted: %q, %v", l.Unstable, err)
	}
	source := filepath.Join(t.TempDir(), "source.json")
	if err := micro.Latency(t, space).Save(source); err != nil {
		t.Fatal(err)
	}
	timings, err := ProfileTimings(space, p, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range micro.AllArchs(space)[:6] {
		timings.Networks = append(timings.Networks,
			predictor.NetworkTime{Arch: a, MS: micro.NetworkMS(space, a)})
	}
	l, err = FitTimings(timings, sourcesOf(t, space, source))
	if err != nil || l.Unstable != "it grew warm" {
		t.Errorf("transferred: %v, %v", l, err)
	}
}

// TestFitLatencyDoubtsItself: a profile is in doubt if its networks cannot be predicted from each
// other, and not where they can.
func TestFitLatencyDoubtsItself(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	for _, scatter := range []float64{0, 0.3} {
		p, path := micro.Profile(t, space)
		for i, a := range micro.AllArchs(space)[:16] {
			ms := micro.NetworkMS(space, a) * (1 + scatter*float64(i*i%7)/3)
			p.Networks = append(p.Networks, profiles.NetworkTiming{Arch: space.Spec(a),
				Timing: timing.Timing{LatencyMS: ms}})
		}
		l, err := FitLatency(space, p, path)
		if err != nil {
			t.Fatal(err)
		}
		if (l.Unstable != "") != (scatter > 0) {
			t.Errorf("times off by up to %g: in doubt for %q", scatter, l.Unstable)
		}
	}
}

// TestProfileTimingsDoubt: a profile whose networks do not fit together is in doubt, too, where its
// networks alone are used.
func TestProfileTimingsDoubt(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	p, path := micro.Profile(t, space)
	for i, a := range micro.AllArchs(space)[:16] {
		p.Networks = append(p.Networks, profiles.NetworkTiming{Arch: space.Spec(a),
			Timing: timing.Timing{LatencyMS: micro.NetworkMS(space, a) * float64(1+i%3)}})
	}
	timings, err := ProfileTimings(space, p, path)
	if err != nil || !strings.HasPrefix(timings.Unstable, "its own networks") {
		t.Errorf("in doubt for %q, %v", timings.Unstable, err)
	}
}

// TestFitLatencyRefusesAStrangeReference: what it would write could not be read.
func TestFitLatencyRefusesAStrangeReference(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	p, path := micro.Profile(t, space)
	p.NetworkSession.ReferenceMS = 1
	p.ReferenceArch.KS = []int{99}
	if _, err := FitLatency(space, p, path); err == nil ||
		!strings.Contains(err.Error(), path+": reference_arch: arch does not fit") {
		t.Errorf("error %v, want one about the reference's arch", err)
	}
}

func TestFitLatencyRefusesAnotherSpace(t *testing.T) {
	space, other := micro.ParseSpace(t, micro.SpaceYAML), micro.ParseSpace(t, micro.OtherYAML)
	p, path := micro.Profile(t, other)
	_, err := FitLatency(space, p, path)
	var stale *store.StaleError
	want := store.StaleError{File: path, Role: "space", Want: other.SHA256(), Got: space.SHA256()}
	if !errors.As(err, &stale) || *stale != want {
		t.Errorf("%v, want %+v", err, want)
	}
}

func TestFitAccuracyNeedsHeldOutImages(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 0)
	_, err := FitAccuracy(context.Background(), AccuracyJob{Run: run, Data: d, Samples: 10,
		Calibration: 16, Fit: regress.Defaults()})
	if err == nil || !strings.Contains(err.Error(), "--holdout") || !strings.Contains(err.Error(),
		run.Dir) {
		t.Errorf("%v, want an error that names the run and --holdout", err)
	}
}

func TestFitAccuracyEndsWithItsContext(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 10)
	ctx, cancel := context.WithCancel(context.Background())
	job := AccuracyJob{Run: run, Data: d, Samples: 20, Workers: 1, Calibration: 16,
		Fit: regress.Defaults(), Progress: func(done, _ int) {
			if done == 1 {
				cancel()
			}
			if done > 1 {
				t.Error("went on after the context had ended")
			}
		}}
	kept := "1 sub-networks are measured and kept in " + filepath.Join(run.Dir,
		"measurements.sqlite")
	if _, err := FitAccuracy(ctx, job); !errors.Is(err, context.Canceled) ||
		!strings.Contains(err.Error(), kept) {
		t.Errorf("%v, want context.Canceled, and what is kept", err)
	}
}

// TestFitAccuracyMeasuresOnce stops a fit, goes on with other workers, and wants the same predictor
// as from a fit that was never stopped.
func TestFitAccuracyMeasuresOnce(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	job := AccuracyJob{Run: run, Data: d, Samples: 14, Calibration: 16, Fit: regress.Defaults(),
		Workers: 3, Seed: 5, Measurements: filepath.Join(t.TempDir(), "whole.sqlite")}
	whole, err := FitAccuracy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	job.Measurements, job.Workers = "", 2
	job.Progress = func(done, _ int) {
		if done == 6 {
			cancel()
		}
	}
	if _, err := FitAccuracy(ctx, job); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want context.Canceled", err)
	}
	var first, last int
	var said []string
	job.Progress = func(done, total int) {
		if first == 0 {
			first = done
		}
		last = total
	}
	job.Say = func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	resumed, err := FitAccuracy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if first < 6 || first > 8 || last != 14 || len(said) != 1 ||
		said[0] != fmt.Sprintf("%d of 14 sub-networks were measured before", first) {
		t.Errorf("went on from %d of %d, and said %q", first, last, said)
	}
	if !reflect.DeepEqual(resumed, whole) {
		t.Error("another predictor than without interruption")
	}
}

// mediumSpace has 180 networks.
const mediumSpace = `
tailor: space/1
name: medium
classes: 10
resolutions: [12, 16]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5, 7], expand: [1, 2, 3]}
head: {expand: 16, act: h_swish}
`

// TestFitAccuracyStopsWhereMoreDoesNotHelp: of networks that differ by chance, more tell nothing.
func TestFitAccuracyStopsWhereMoreDoesNotHelp(t *testing.T) {
	space := micro.ParseSpace(t, mediumSpace)
	run, d := micro.Train(t, space, 1, 30)
	job := AccuracyJob{Run: run, Data: d, Samples: 10, Images: 20, Calibration: 16, Workers: 2,
		Fit: regress.Defaults()}
	job.Fit.Members, job.Fit.Epochs = 1, 1
	if _, err := FitAccuracy(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	measureByChance(t, filepath.Join(run.Dir, "measurements.sqlite"), space)
	job.Samples = 130
	a, err := FitAccuracy(t.Context(), job)
	if err != nil || a.Samples != 100 {
		t.Errorf("fitted to %d samples (%v), want 100", a.Samples, err)
	}
	job.All = true
	if a, err = FitAccuracy(t.Context(), job); err != nil || a.Samples != 130 {
		t.Errorf("fitted to %d samples (%v), want all 130", a.Samples, err)
	}
}

// measureByChance gives all networks that have no measurements yet some, at random.
func measureByChance(t *testing.T, path string, space *supernet.Space) {
	t.Helper()
	filed, err := measurements.ReadAll(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := measurements.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	r := rand.New(rand.NewPCG(1, 0))
	subjects := map[measurements.Subject]bool{}
	for _, f := range filed {
		if subjects[f.Subject] {
			continue
		}
		subjects[f.Subject] = true
		for _, a := range choices.Sample(space, 130, 0) {
			arch, err := json.Marshal(space.Spec(a))
			if err != nil {
				t.Fatal(err)
			}
			if err := log.Put(t.Context(), f.Subject, measurements.Measurement{
				Arch: string(arch), Value: r.Float64(), At: f.At}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestFitMeasured(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	var lines bytes.Buffer
	for _, a := range micro.AllArchs(space) {
		text, err := json.Marshal(predictor.Sample{Arch: space.Spec(a),
			Value: float64(micro.MACs(space, a)) / 1e6})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(text, '\n'))
	}
	path := filepath.Join(t.TempDir(), "mine.jsonl")
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := regress.Defaults()
	settings.Seed = 1
	a, err := FitMeasured(t.Context(), space, path, settings)
	if err != nil {
		t.Fatal(err)
	}
	if a.Samples != 40 || a.HeldOut.KendallTau < 0.9 || a.Inputs["measured"].SHA256 != fileHash(t,
		path) || a.Inputs["measured"].Path != "mine.jsonl" {
		t.Errorf("fitted %+v from %+v", a.HeldOut, a.Inputs)
	}
}
