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
	"github.com/tailor-nas/tailor/predictor/regress"
)

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
