package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// stateOf reads the last checkpoint's state from the disk.
func stateOf(t *testing.T, r *Run) State {
	t.Helper()
	all, err := checkpoints(r.Dir)
	if err != nil || len(all) != checkpointsKept {
		t.Fatalf("checkpoints %v, %v", all, err)
	}
	s, err := loadState(all[len(all)-1], &r.Info)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A save may fall on any step, an epoch's last one too.
func TestSaveOnEveryStep(t *testing.T) {
	want := train(t, microJob(t, t.TempDir()))
	j := microJob(t, t.TempDir())
	j.SaveEvery = 1
	got := train(t, j)
	if s := stateOf(t, got); !s.Done || !got.State.Done || s.Step != 40 || s.Validated != 40 {
		t.Errorf("state %+v on the disk, %+v returned", s, got.State)
	}
	if got.State.WeightsSHA256 != want.State.WeightsSHA256 {
		t.Error("other weights")
	}
}

// What an earlier tailor left after a save on the last step is finished when the run is resumed.
func TestResumesToTheEndOfTheLastEpoch(t *testing.T) {
	j := microJob(t, t.TempDir())
	run := train(t, j)
	s := stateOf(t, run)
	whole := s.MetricsBytes
	s.Done, s.Validated, s.MetricsBytes = false, 30, metricsAt(t, j.Dir, 30)
	if err := store.WriteDocument(filepath.Join(checkpointDir(j.Dir, 40), stateFile),
		checkpointKind, checkpointVersion, &s); err != nil {
		t.Fatal(err)
	}
	j.Resume = true
	if again := train(t, j); !again.State.Done ||
		again.State.WeightsSHA256 != run.State.WeightsSHA256 {
		t.Errorf("state %+v", again.State)
	}
	if s := stateOf(t, run); !s.Done || s.Validated != 40 || s.MetricsBytes != whole {
		t.Errorf("state %+v on the disk", s)
	}
}

// metricsAt is how long the metrics are with the lines of so many.
func metricsAt(t *testing.T, dir string, step int) (size int64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, metricsFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		size += int64(len(line))
		if strings.HasPrefix(line, fmt.Sprintf(`{"step":%d,`, step)) {
			return size
		}
	}
	t.Fatal("no such step")
	return 0
}

// A training is its folder's only owner; reading is not kept from anybody.
func TestOneTrainingAFolder(t *testing.T) {
	j := microJob(t, t.TempDir())
	tried := false
	j.Progress = func(p Progress) {
		if p.Step != 25 || tried {
			return
		}
		tried = true
		second := microJob(t, j.Dir)
		second.Resume = true
		_, err := Train(context.Background(), second)
		var locked *store.LockedError
		if !errors.As(err, &locked) || !strings.Contains(err.Error(),
			fmt.Sprintf("tailor train, process %d", os.Getpid())) {
			t.Errorf("a second training: %v", err)
		}
		if r, err := OpenRun(j.Dir); err != nil || r.State.Step != 20 {
			t.Errorf("opened meanwhile: %v", err)
		}
	}
	if run := train(t, j); !run.State.Done || !tried {
		t.Errorf("the first training: %+v", run.State)
	}
	if _, err := os.Stat(filepath.Join(j.Dir, "lock")); err == nil {
		t.Error("the lock is left")
	}
}

// A job that cannot be done leaves no folder.
func TestRefusedJobLeavesNothing(t *testing.T) {
	j := microJob(t, filepath.Join(t.TempDir(), "run"))
	j.Data = filepath.Join(t.TempDir(), "none")
	if _, err := Train(context.Background(), j); err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Stat(j.Dir); err == nil {
		t.Errorf("%s is left", j.Dir)
	}
}

// A checkpoint whose removal was killed is gone after the next start, even of a run that is
// finished.
func TestCleansKilledRemoval(t *testing.T) {
	j := microJob(t, t.TempDir())
	train(t, j)
	left := checkpointDir(j.Dir, 20) + ".0123456789abcdef.partial"
	if err := os.Mkdir(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, weightsFile), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	half := checkpointDir(j.Dir, 10) // as an earlier tailor left it
	if err := os.Mkdir(half, 0o755); err != nil {
		t.Fatal(err)
	}
	j.Resume = true
	train(t, j)
	for _, path := range []string{left, half} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
}

// Broken lines of metrics are named, and stop nothing.
func TestBrokenMetrics(t *testing.T) {
	j := microJob(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	j.Progress = func(p Progress) {
		if p.Step == 25 {
			cancel()
		}
	}
	if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	path := filepath.Join(j.Dir, metricsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[3] = '"'
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	var warned []string
	j.Progress, j.Resume = nil, true
	j.Warn = func(format string, args ...any) {
		warned = append(warned,
			fmt.Sprintf(format, args...))
	}
	if run := train(t, j); !run.State.Done {
		t.Error("not done")
	}
	if len(warned) != 1 || !strings.HasPrefix(warned[0], path+":1: ") {
		t.Errorf("warned of %q", warned)
	}
}

// A step whose context has ended changes nothing, so that it can be done again.
func TestStepCutShort(t *testing.T) {
	space := micro(t)
	pool := nn.NewPool(2)
	defer pool.Close()
	net := supernet.New(space, 5)
	c := Defaults()
	c.Batch = 16
	c, err := c.Complete()
	if err != nil {
		t.Fatal(err)
	}
	before := net.Tensors()
	was := make([][]float32, len(before))
	for i := range before {
		was[i] = slices.Clone(before[i].Data)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for networks := range 3 {
		lessons := sandwich(c, space, 0)[:networks+1]
		if _, done := newStepper(c, net, pool).step(ctx, 0, oneBatch(t), lessons, 0.1); done {
			t.Error("the step is done")
		}
	}
	for i, now := range net.Tensors() {
		if !slices.Equal(now.Data, was[i]) {
			t.Fatalf("%s has changed", now.Name)
		}
	}
}

// A run whose space claims more than its weights have is refused before memory is taken for it.
func TestOpenRunOfAClaim(t *testing.T) {
	run := train(t, microJob(t, t.TempDir()))
	space := *run.Info.Space
	space.Stages = slices.Clone(space.Stages)
	space.Stages[1].Width = 1 << 10
	info := run.Info
	info.Space = &space
	if err := store.WriteDocument(filepath.Join(run.Dir, runFile), runKind, runVersion,
		&info); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRun(run.Dir); err == nil || !strings.Contains(err.Error(),
		"its weights have") {
		t.Errorf("%v", err)
	}
}
