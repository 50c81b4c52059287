package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestSameBitsOnAnyWorkers(t *testing.T) {
	for _, s := range []Strategy{DepS, Progressive} {
		j := microJob(t, t.TempDir())
		j.Config.Strategy, j.Config.Aggregation = s, map[Strategy]Aggregation{
			DepS: Sum, Progressive: AvgSqrt}[s]
		want := train(t, j).State.WeightsSHA256
		for _, workers := range []int{1, 3} {
			j.Dir, j.Workers = t.TempDir(), workers
			if got := train(t, j).State.WeightsSHA256; got != want {
				t.Errorf("%s: %d workers give weights %.12s, 2 give %.12s", s, workers, got, want)
			}
		}
	}
}

// TestInterruptAndResume ends a run at steps of every phase (warm-up, the sorting step, the ramp,
// an epoch's last step, shrinking) and goes on.
func TestInterruptAndResume(t *testing.T) {
	want := train(t, microJob(t, t.TempDir()))
	j := microJob(t, t.TempDir())
	for _, at := range []int{3, 18, 19, 20, 31} {
		ctx, cancel := context.WithCancel(context.Background())
		j.Resume = at != 3
		j.Progress = func(p Progress) {
			if p.Step == at {
				cancel()
			}
		}
		if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("interrupted at step %d: error is %v, want ErrInterrupted", at, err)
		}
		cancel()
	}
	j.Progress, j.Resume = nil, true
	if got := train(t, j); got.State.WeightsSHA256 != want.State.WeightsSHA256 {
		t.Errorf("interrupted and resumed: weights %.12s, uninterrupted %.12s",
			got.State.WeightsSHA256, want.State.WeightsSHA256)
	}
	again := train(t, j)
	if again.State.WeightsSHA256 != want.State.WeightsSHA256 {
		t.Error("resuming a finished run changed it")
	}
	if a, b := metricsOf(t, want.Dir), metricsOf(t, j.Dir); len(a) != len(b) {
		t.Errorf("metrics have %d lines after interruptions, %d without", len(b), len(a))
	}
}

func metricsOf(t *testing.T, dir string) []Metric {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, metricsFile))
	if err != nil {
		t.Fatal(err)
	}
	var lines []Metric
	for line := range strings.Lines(string(text)) {
		var m Metric
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("metrics line %q: %v", line, err)
		}
		lines = append(lines, m)
	}
	return lines
}

// TestKillAndResume kills a process in the middle of an epoch, which leaves the last epoch's
// checkpoint.
func TestKillAndResume(t *testing.T) {
	if dir := os.Getenv("TAILOR_TEST_KILL_DIR"); dir != "" {
		at, _ := strconv.Atoi(os.Getenv("TAILOR_TEST_KILL_STEP"))
		j := microJob(t, dir)
		j.Resume, j.Config.Strategy = true, Strategy(os.Getenv("TAILOR_TEST_KILL_STRATEGY"))
		j.Progress = func(p Progress) {
			if p.Step == at {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
				select {}
			}
		}
		train(t, j)
		return
	}
	for _, s := range []Strategy{DepS, Progressive} {
		killAndResume(t, s)
	}
}

func killAndResume(t *testing.T, s Strategy) {
	j := microJob(t, t.TempDir())
	j.Config.Strategy = s
	want := train(t, j)
	j.Dir = filepath.Join(t.TempDir(), "run")
	for _, at := range []string{"15", "27"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillAndResume$")
		cmd.Env = append(os.Environ(), "TAILOR_TEST_KILL_DIR="+j.Dir,
			"TAILOR_TEST_KILL_STEP="+at, "TAILOR_TEST_KILL_STRATEGY="+string(s))
		if err := cmd.Run(); err == nil {
			t.Fatalf("the process to be killed at step %s lived", at)
		}
	}
	j.Resume = true
	if got := train(t, j); got.State.WeightsSHA256 != want.State.WeightsSHA256 {
		t.Errorf("%s: killed and resumed: weights %.12s, unharmed %.12s", s,
			got.State.WeightsSHA256, want.State.WeightsSHA256)
	}
	if a, b := metricsOf(t, want.Dir), metricsOf(t, j.Dir); len(a) != len(b) {
		t.Errorf("%s: metrics have %d lines after kills, %d without", s, len(b), len(a))
	}
}

func TestRunRefuses(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Epochs, j.Config.Strategy = 1, Full
	run := train(t, j)
	refuse := func(name string, change func(*Job), check func(error) bool) {
		t.Helper()
		other := j
		other.Resume = true
		change(&other)
		if _, err := Train(context.Background(), other); err == nil || !check(err) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	is := func(target error) func(error) bool {
		return func(err error) bool {
			return errors.Is(err,
				target)
		}
	}
	refuse("without resume", func(j *Job) { j.Resume = false }, is(fs.ErrExist))
	refuse("another rate", func(j *Job) { j.Config.LR = 0.2 }, is(ErrConfig))
	refuse("other images", func(j *Job) { j.TrainImages = 190 }, is(ErrConfig))
	refuse("missing data", func(j *Job) { j.Data = filepath.Join(t.TempDir(), "none") },
		is(fs.ErrNotExist))
	refuse("batch larger than the data", func(j *Job) { j.Dir, j.Config.Batch = t.TempDir(), 500 },
		is(ErrConfig))
	if _, err := OpenRun(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opening an empty folder: error is %v, want ErrNotExist", err)
	}
	if _, err := OpenRun(run.Dir); err != nil {
		t.Errorf("opening the run: %v", err)
	}
}

// TestDamagedCheckpoint truncates and alters every file of a checkpoint.
func TestDamagedCheckpoint(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Epochs, j.Config.Strategy = 1, Full
	run := train(t, j)
	dir := checkpointDir(run.Dir, run.State.Step)
	for _, name := range []string{weightsFile, momentumFile, stateFile} {
		path := filepath.Join(dir, name)
		sound, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := append([]byte(nil), sound...)
		flipped[len(flipped)/2] ^= 1
		for damage, text := range map[string][]byte{"truncated": sound[:len(sound)*2/3],
			"empty": nil, "flipped": flipped} {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
			j.Resume = true
			_, err := Train(context.Background(), j)
			if err == nil || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(),
				"\n") {
				t.Errorf("%s %s: error is %v, want one line that names the checkpoint", damage,
					name, err)
			}
		}
		if err := os.WriteFile(path, sound, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := train(t, j); got.State.WeightsSHA256 != run.State.WeightsSHA256 {
		t.Error("the restored checkpoint is another")
	}
}

// TestLearns trains longer than the other tests and expects more than chance from the largest and
// the smallest network.
func TestLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for seconds")
	}
	j := microJob(t, t.TempDir())
	j.TrainImages, j.TestImages, j.Config.Epochs, j.Config.Batch, j.ValImages = 1520, 300, 12, 32, 0
	run := train(t, j)
	lines := metricsOf(t, run.Dir)
	first, last := lines[0].LossMax, lines[len(lines)-1].LossMax
	if last > 0.95*first {
		t.Errorf("loss of the largest network went from %.3f to %.3f", first, last)
	}
	d := microData(t, run)
	e, err := NewEvaluator(run.Net, d, EvalSettings{CalibrationImages: 2000, Batch: 200,
		Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	top1, err := e.Top1(context.Background(), run.Info.Space.Max(), d.Test)
	if err != nil {
		t.Fatal(err)
	}
	if top1 < 0.18 {
		t.Errorf("top-1 of the largest network is %.3f, chance is 0.1", top1)
	}
}
