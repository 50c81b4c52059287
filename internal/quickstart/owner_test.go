package quickstart

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/refine"
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
			_, err := pipeline.FitAccuracy(t.Context(), pipeline.AccuracyJob{Run: run, Data: d,
				Samples: 10, Fit: regress.Defaults()})
			return err
		}},
		"tailor prune": {out, func() error {
			_, err := refine.Prune(t.Context(), refine.PruneJob{Manifest: "none", Config: c,
				Dir: out})
			return err
		}},
		"quickstart": {out, func() error {
			_, err := Run(t.Context(), Job{Dir: out})
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
