package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/internal/refine"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// finetuned is the manifest of a winner after an epoch more.
func finetuned(t *testing.T, winner string) string {
	t.Helper()
	c := prune.FinetuneDefaults()
	c.Epochs, c.Batch = 1, 16
	r, err := refine.Finetune(t.Context(), refine.FinetuneJob{Manifest: winner, Config: c,
		Dir: filepath.Join(t.TempDir(), "tuned"), Budget: time.Millisecond, Workers: 2,
		Say: noneSaid, Progress: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Manifest
}

// TestOpenTrained takes runs and winners, and says what it takes of anything else.
func TestOpenTrained(t *testing.T) {
	run, _, dir := winner(t)
	for _, path := range []string{manifest.Path(dir), dir,
		filepath.Join(dir, "weights.safetensors"), run.Dir} {
		got, err := OpenTrained(t.Context(), path, noneSaid)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if len(got.Classes) != len(run.Info.Data.Classes) || len(got.Mean) != 3 || got.Part != 1 ||
			got.Space == nil || got.Space.SHA256() != run.Info.Space.SHA256() {
			t.Errorf("%s: classes %v, mean %v, part %g, space %v", path, got.Classes, got.Mean,
				got.Part, got.Space)
		}
	}
	tuned := finetuned(t, dir)
	if got, err := OpenTrained(t.Context(), tuned, noneSaid); err != nil ||
		got.Space == nil || got.Space.SHA256() != run.Info.Space.SHA256() {
		t.Errorf("of a tuned winner: %+v, %v", got, err)
	}
	if err := os.Rename(run.Dir, run.Dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if got, err := OpenTrained(t.Context(), dir, noneSaid); err != nil || got.Space != nil {
		t.Errorf("of a run that is away: %v, %v", got.Space, err)
	}
	for want, path := range map[string]string{"neither a run nor a winner": t.TempDir(),
		"no such file": filepath.Join(t.TempDir(), "none")} {
		if _, err := OpenTrained(t.Context(), path, noneSaid); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func noneSaid(string, ...any) {}

// TestOpenTrainedFile: a file of somebody else's network is read as adopt reads it, and what was
// taken for granted is said.
func TestOpenTrainedFile(t *testing.T) {
	run, _, dir := winner(t)
	m, net, err := manifest.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	file, err := onnx.Marshal(net, export.Meta{Labels: m.Classes, Mean: m.Mean, Std: m.Std})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "mine.onnx") // beside a manifest, too
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	said := ""
	got, err := OpenTrained(t.Context(), path, func(format string, args ...any) {
		said += fmt.Sprintf(format, args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	sha, err := store.HashFile(path)
	if err != nil || got.SHA256 != sha || !slices.Equal(got.Classes, m.Classes) ||
		!slices.Equal(got.Mean, m.Mean) || got.Part != 1 || !strings.Contains(said, path) ||
		!strings.Contains(said, "invented images") {
		t.Errorf("%v; said %q; %+v", err, said, got)
	}
	j := trainer.NewJob(filepath.Join(t.TempDir(), "run"), nil, "synthetic")
	j.TrainImages, j.TestImages, j.Config.Epochs, j.Config.Batch = 200, 40, 1, 20
	j.Config.Init = trainer.InitDefaults()
	j.From = &trainer.Origin{Path: path, Open: func() (*trainer.Trained, error) { return got, nil }}
	begun, err := trainer.Train(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if s := begun.Info.Start; s == nil || s.WeightsFresh != 0 ||
		begun.Info.Data.Channels != run.Info.Data.Channels {
		t.Errorf("it began with %+v", s)
	}
	notes := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(notes, []byte("no network"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenTrained(t.Context(), notes, noneSaid); err == nil ||
		!strings.Contains(err.Error(), "neither a state dict") {
		t.Errorf("error %v about a text", err)
	}
}
