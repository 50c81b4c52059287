package trainer

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// longer asks for more epochs of a run that is there.
func longer(j Job, epochs int) Job {
	j.Config.Epochs, j.Resume = epochs, true
	return j
}

// TestExtend: a finished run goes on for more epochs, with the same bits however often it is
// interrupted; run.json has both lengths; and asking for the same again changes nothing.
func TestExtend(t *testing.T) {
	j := microJob(t, t.TempDir())
	short := train(t, j)
	want := train(t, longer(j, 6))
	if want.State.Step != 60 || !want.State.Done {
		t.Fatalf("state %+v", want.State)
	}
	c := want.Info.Config
	if e := want.Info.Extended; len(e) != 1 || e[0] != (Extension{40, 4, short.Info.SHA256}) ||
		c.Epochs != 6 || c.WarmupEpochs != 2 {
		t.Errorf("extended %+v to %d epochs, W is %g", e, c.Epochs, c.WarmupEpochs)
	}
	other := microJob(t, t.TempDir())
	train(t, other)
	other = longer(other, 6)
	for _, at := range []int{41, 50, 55} {
		ctx, cancel := context.WithCancel(context.Background())
		other.Progress = func(p Progress) {
			if p.Step == at {
				cancel()
			}
		}
		if _, err := Train(ctx, other); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("interrupted at step %d: %v", at, err)
		}
		cancel()
	}
	other.Progress = nil
	if got := train(t, other); got.State.WeightsSHA256 != want.State.WeightsSHA256 {
		t.Error("interrupted and resumed, the extended run has other weights")
	}
	text, err := os.ReadFile(filepath.Join(j.Dir, runFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := train(t, longer(j, 6)); got.State.WeightsSHA256 != want.State.WeightsSHA256 {
		t.Error("a run that was extended and finished trains on")
	}
	if again, err := os.ReadFile(filepath.Join(j.Dir, runFile)); err != nil ||
		string(again) != string(text) {
		t.Errorf("run.json changed: %v", err)
	}
	if _, err := Train(t.Context(), longer(j, 4)); !errors.Is(err, ErrConfig) ||
		!strings.Contains(err.Error(), "with --epochs 6, asked for 4") {
		t.Errorf("with fewer epochs: %v", err)
	}
}

// TestExtendUnfinished: a run is extended in the middle, twice, and before it began; and one that
// was extended but has not gone on yet is not done.
func TestExtendUnfinished(t *testing.T) {
	j := microJob(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	j.Progress = func(p Progress) {
		if p.Step == 25 {
			cancel()
		}
	}
	if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	cancel()
	j.Progress = nil
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(done, longer(j, 5)); err == nil {
		t.Fatal("a context that has ended lets a run go on")
	}
	r, err := OpenRun(j.Dir)
	if err != nil || r.State.Done || r.State.Step != 25 || len(r.Info.Extended) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	r = train(t, longer(j, 6))
	if r.State.Step != 60 || len(r.Info.Extended) != 2 || r.Info.Extended[1].FromStep != 25 {
		t.Errorf("step %d, extended %+v", r.State.Step, r.Info.Extended)
	}
}

// TestExtendedRate: the cosine goes on as that of the longer run, and what came before is as it
// was.
func TestExtendedRate(t *testing.T) {
	c := Defaults()
	c.Epochs, c.WarmupEpochs, c.EpsilonEpochs, c.LR = 40, 10, 1, 0.1
	i := &Info{Config: c, Extended: []Extension{{FromStep: 150, Epochs: 20}}}
	s := i.schedule(10)
	for step, steps := range map[int]float64{0: 200, 149: 200, 150: 400, 399: 400} {
		want := 0.05 * (1 + math.Cos(math.Pi*float64(step)/steps))
		if got := s.rate(step); math.Abs(got-want) > 1e-15 {
			t.Errorf("the rate at step %d is %g, want %g", step, got, want)
		}
	}
	short := (&Info{Config: changed(t, func(c *Config) {
		c.Epochs, c.WarmupEpochs, c.EpsilonEpochs = 20, 10, 1
	})}).schedule(10)
	for step := range 150 {
		if s.beta(step) != short.beta(step) || s.rate(step) != short.rate(step) {
			t.Fatalf("step %d is another one than before the run was extended", step)
		}
	}
}

// TestDamagedExtension: lengths that cannot have been are refused when the run is read.
func TestDamagedExtension(t *testing.T) {
	for _, e := range [][]Extension{
		{{FromStep: -1, Epochs: 2}}, {{FromStep: 1, Epochs: 0}}, {{FromStep: 1, Epochs: 4}},
		{{FromStep: 5, Epochs: 2}, {FromStep: 4, Epochs: 3}},
		{{FromStep: 5, Epochs: 3}, {FromStep: 6, Epochs: 3}},
	} {
		j := microJob(t, t.TempDir())
		info, _, err := newInfo(j, nil)
		if err != nil {
			t.Fatal(err)
		}
		info.Extended = e
		if err := info.write(j.Dir); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadInfo(j.Dir); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%+v: %v", e, err)
		}
	}
}
