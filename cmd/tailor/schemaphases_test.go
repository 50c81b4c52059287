package main

import (
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// TestPhasedRunFitsSchemas: a run with phases and a frozen teacher, and its checkpoints.
func TestPhasedRunFitsSchemas(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	j := trainer.NewJob(filepath.Join(t.TempDir(), "run"), space, "synthetic")
	j.TrainImages, j.TestImages, j.Holdout, j.ValImages = 80, 20, 0, 0
	j.Config.Strategy, j.Config.Epochs, j.Config.Batch = trainer.Progressive, 2, 16
	if _, err := trainer.Train(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	schemas := compileSchemas(t)
	states, err := filepath.Glob(filepath.Join(j.Dir, "checkpoints", "*", "state.json"))
	if err != nil || len(states) == 0 {
		t.Fatalf("%d checkpoints, error %v", len(states), err)
	}
	last := states[len(states)-1]
	for kind, path := range map[string]string{"run": filepath.Join(j.Dir, "run.json"),
		"checkpoint": last} {
		document := readJSON(t, path).(map[string]any)
		if err := schemas[kind].Validate(document); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		checkRefusals(t, path, schemas[kind], document)
	}
	if sha := readJSON(t, last).(map[string]any)["teacher_sha256"]; sha == nil {
		t.Error("the last checkpoint names no teacher")
	}
}
