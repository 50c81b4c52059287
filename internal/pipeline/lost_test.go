package pipeline

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/measurements"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// TestOneOwner: who writes to a folder is alone there, and is named to whoever comes second.
func TestOneOwner(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 20)
	space := micro.ParseSpace(t, micro.SpaceYAML)
	j := winners.Job{Config: optimize.Defaults(), Space: space, Accuracy: micro.Accuracy(t, space,
		strings.Repeat("5", 64)), Dir: filepath.Join(t.TempDir(), "winners")}
	out := filepath.Join(t.TempDir(), "pruned")
	c := prune.Defaults(prune.Magnitude, supernet.Weights)
	c.Epochs, c.Batch, c.Sparsity = 1, 16, 0.5
	for name, job := range map[string]struct {
		dir string
		do  func() error
	}{
		"tailor search": {j.Dir, func() error {
			_, err := winners.Search(t.Context(), j)
			return err
		}},
		"tailor fit": {run.Dir, func() error {
			_, err := FitAccuracy(t.Context(), AccuracyJob{Run: run, Data: d, Samples: 10,
				Fit: regress.Defaults()})
			return err
		}},
		"tailor prune": {out, func() error {
			_, err := Prune(t.Context(), PruneJob{Manifest: "none", Config: c, Dir: out})
			return err
		}},
		"quickstart": {out, func() error {
			_, err := Quickstart(t.Context(), QuickstartJob{Dir: out})
			return err
		}},
	} {
		lock, err := store.LockDir(job.dir, "a test of "+name)
		if err != nil {
			t.Fatal(err)
		}
		var locked *store.LockedError
		if err := job.do(); !errors.As(err, &locked) || !strings.Contains(err.Error(), "a test of "+
			name+", process ") {
			t.Errorf("%s: %v, want a LockedError", name, err)
		}
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	}
}

// TestDamagedMeasurement: a row that was changed is an error, not a panic, and so is a context that
// ends at once.
func TestDamagedMeasurement(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 20)
	job := AccuracyJob{Run: run, Data: d, Samples: 12, Calibration: 16, Fit: regress.Defaults(),
		Workers: 2}
	if _, err := FitAccuracy(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(run.Dir, "measurements.sqlite")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(
		`UPDATE measurements SET arch = replace(arch, '"ks":[', '"ks":[9,') WHERE arch = (SELECT min(arch) FROM measurements)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := FitAccuracy(t.Context(), job); !errors.Is(err, measurements.ErrDamaged) ||
		!strings.Contains(err.Error(), path) {
		t.Errorf("%v, want ErrDamaged", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FitAccuracy(ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}
