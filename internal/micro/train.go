package micro

import (
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Train trains a space for 8 steps on 128 built-in images, with so many more held out, and gives
// the run and its data.
func Train(t *testing.T, space *supernet.Space, seed uint64, holdout int) (*trainer.Run,
	*trainer.Data) {
	t.Helper()
	j := trainer.NewJob(filepath.Join(t.TempDir(), "run"), space, "synthetic")
	j.TrainImages, j.TestImages, j.Holdout, j.ValImages = 128+holdout, 50, holdout, 0
	j.Workers = 2
	j.Config.Strategy, j.Config.Epochs, j.Config.Batch, j.Config.Seed = trainer.BigNAS, 1, 16, seed
	run, err := trainer.Train(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	d, err := run.OpenData("")
	if err != nil {
		t.Fatal(err)
	}
	return run, d
}
