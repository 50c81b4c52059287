package trainer

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestPlan counts what a run does, and writes nothing.
func TestPlan(t *testing.T) {
	j := microJob(t, filepath.Join(t.TempDir(), "run"))
	p, err := NewPlan(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if p.TrainImages != 160 || p.ValImages != 20 || p.TestImages != 50 || p.StepsPerEpoch != 10 ||
		p.Steps != 40 {
		t.Errorf("plan %+v, want 160, 20 and 50 images, 10 steps an epoch, 40 in all", p)
	}
	want := []Phase{{Name: "largest alone", Steps: 18}, {Name: "warm-up", Steps: 2},
		{Name: "shrinking", Steps: 20}}
	if len(p.Phases) != len(want) {
		t.Fatalf("phases %+v, want %+v", p.Phases, want)
	}
	seconds := 4 * p.EpochEndSeconds
	for i, got := range p.Phases {
		if got.Name != want[i].Name || got.Steps != want[i].Steps || got.StepSeconds <= 0 {
			t.Errorf("phase %+v, want %+v and a time", got, want[i])
		}
		seconds += float64(got.Steps) * got.StepSeconds
	}
	if math.Abs(seconds-p.Seconds) > 1e-6 || p.EpochEndSeconds <= 0 {
		t.Errorf("%v s expected, the parts take %v", p.Seconds, seconds)
	}
	if p.MemoryBytes < 1<<16 {
		t.Errorf("%d bytes of memory", p.MemoryBytes)
	}
	if _, err := os.Stat(j.Dir); err == nil {
		t.Error("a plan made the run's folder")
	}
}

// TestPlannedSameBits: timing before the work does not change the result, and a run that goes on
// plans what is left.
func TestPlannedSameBits(t *testing.T) {
	want := train(t, microJob(t, t.TempDir())).State.WeightsSHA256
	j := microJob(t, t.TempDir())
	var plans []*Plan
	j.Planned = func(p *Plan) { plans = append(plans, p) }
	ctx, cancel := context.WithCancel(t.Context())
	j.Progress = func(p Progress) {
		if p.Step == 25 {
			cancel()
		}
	}
	if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	j.Progress, j.Resume = nil, true
	if got := train(t, j).State.WeightsSHA256; got != want {
		t.Errorf("weights %.12s after a plan, %.12s without", got, want)
	}
	if len(plans) != 2 || plans[0].StepsDone != 0 || plans[1].StepsDone != 25 {
		t.Errorf("plans %+v, want one from step 0 and one from step 25", plans)
	}
	train(t, j) // is finished: there is nothing to plan
	if len(plans) != 2 {
		t.Error("a finished run was planned")
	}
}

// TestPlanInterrupted ends before the first step.
func TestPlanInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j := microJob(t, t.TempDir())
	j.Planned = func(*Plan) { t.Error("planned without an end of time") }
	if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
		t.Errorf("error %v, want ErrInterrupted", err)
	}
}

// TestPaceWeighsPhases on a run of 10 steps alone and 10 shared ones, 5 an epoch, against sums by
// hand.
func TestPaceWeighsPhases(t *testing.T) {
	s := schedule{steps: 20, shrinkFrom: 10, fullRateFrom: 12, perEpoch: 5}
	p := newPace(s, costs{steps: []float64{1, 4}, epochEnd: 2})
	check := func(done, want int) {
		t.Helper()
		if got := p.left(done); got != time.Duration(want)*time.Second {
			t.Errorf("after %d steps %v are left, want %d s", done, got, want)
		}
	}
	check(0, 10+40+4*2)
	check(10, 40+2*2)
	for step := range 8 {
		p.step(step, 2*time.Second) // twice what was planned
		if step == 4 {
			p.end(3 * time.Second)
		}
	}
	check(8, 2*2+10*8+3*3)
	check(10, 10*8+2*3)
	p.step(10, 5*time.Second)
	check(15, 5*5+3)
	check(20, 0)
	for step := range 20 {
		if p.work(step+1) <= p.work(step) {
			t.Errorf("the bar does not rise at step %d", step)
		}
	}
	if p.work(20) != 58 {
		t.Errorf("all work is %v, want 58", p.work(20))
	}
}

// TestProgressOfPlannedRun: the time left goes to nothing.
func TestProgressOfPlannedRun(t *testing.T) {
	j := microJob(t, t.TempDir())
	var last Progress
	j.Planned = func(*Plan) {}
	j.Progress = func(p Progress) {
		if p.Done < last.Done || p.Done > p.Total || p.Left < 0 {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}
	train(t, j)
	if last.Done != last.Total || last.Left != 0 {
		t.Errorf("at the end %+v", last)
	}
}
