package trainer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestReadRecord gives what a training wrote, while it goes on too.
func TestReadRecord(t *testing.T) {
	j := microJob(t, t.TempDir())
	seen := false
	j.Progress = func(p Progress) {
		if p.Step != 25 {
			return
		}
		seen = true
		if r, err := ReadRecord(j.Dir); err != nil || r.State.Step != 20 || r.State.Done ||
			len(r.Metrics) == 0 {
			t.Errorf("meanwhile: %+v, %v", r, err)
		}
	}
	run := train(t, j)
	r, err := ReadRecord(j.Dir)
	if err != nil || !seen {
		t.Fatalf("%v, looked meanwhile: %v", err, seen)
	}
	if r.State.WeightsSHA256 != run.State.WeightsSHA256 || !r.State.Done ||
		r.Info.SHA256 != run.Info.SHA256 || r.Broken != 0 {
		t.Errorf("%+v", r.State)
	}
	if last := r.Metrics[len(r.Metrics)-1]; last.Step != run.State.Step || last.Top1Max == nil {
		t.Errorf("the last line is %+v", last)
	}
}

// TestReadRecordOfOthers: a folder without a run is an error, and one without a checkpoint is none.
func TestReadRecordOfOthers(t *testing.T) {
	if _, err := ReadRecord(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
	j := microJob(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	j.Progress = func(Progress) { cancel() }
	if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(j.Dir, checkpointsDir)); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadRecord(j.Dir); err != nil || r.State.Step != 0 {
		t.Errorf("without a checkpoint: %+v, %v", r, err)
	}
}
