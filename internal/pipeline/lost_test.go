package pipeline

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/measurements"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// microSearch writes a winner without weights, which takes no training.
func microSearch(t *testing.T) SearchJob {
	t.Helper()
	space := parseSpace(t, microSpace)
	return SearchJob{Config: optimize.Defaults(), Space: space, Accuracy: macsAccuracy(t, space,
		strings.Repeat("5", 64)), Dir: filepath.Join(t.TempDir(), "winners")}
}

// TestSearchAfterKilledOnes: what killed searches leave is in nobody's way, and what only looks
// like it stays.
func TestSearchAfterKilledOnes(t *testing.T) {
	j := microSearch(t)
	found := func() *manifest.Manifest {
		t.Helper()
		r, err := Search(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := manifest.Open(r.Winners[0].Manifest)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	j.Config.Seed = 1
	found()
	best := filepath.Join(j.Dir, "best")
	const random = ".0123456789abcdef"
	copies := []string{best + ".partial", best + random + ".partial", best + random + ".old",
		filepath.Join(j.Dir, "front-7"+random+".partial")}
	for _, c := range copies {
		if err := os.CopyFS(c, os.DirFS(best)); err != nil {
			t.Fatal(err)
		}
	}
	strange := best + ".fedcba9876543210.partial"
	if err := os.Mkdir(strange, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(strange, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		j.Config.Seed = seed
		if m := found(); m.Seed != seed {
			t.Errorf("the winner is still that of seed %d, want %d", m.Seed, seed)
		}
		wantEntries(t, j.Dir, "best", "best.fedcba9876543210.partial", "best.partial")
	}
	// Killed between the two renames that it takes where names cannot be exchanged.
	if err := os.Rename(best, best+random+".old"); err != nil {
		t.Fatal(err)
	}
	j.Limits = []search.Limits{{MACs: 1 << 20}}
	found()
	if m, _, err := manifest.Open(filepath.Join(best, manifest.File)); err != nil || m.Seed != 2 {
		t.Errorf("the winner that was without its name: %v", err)
	}
}

func wantEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, want %q", dir, names, want)
	}
}

// TestOneOwner: who writes to a folder is alone there, and is named to whoever comes second.
func TestOneOwner(t *testing.T) {
	run, d := trainMicro(t, 1, 20)
	j := microSearch(t)
	out := filepath.Join(t.TempDir(), "pruned")
	c := prune.Defaults(prune.Magnitude, supernet.Weights)
	c.Epochs, c.Batch, c.Sparsity = 1, 16, 0.5
	for name, job := range map[string]struct {
		dir string
		do  func() error
	}{
		"tailor search": {j.Dir, func() error { _, err := Search(t.Context(), j); return err }},
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
	run, d := trainMicro(t, 1, 20)
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
