package pipeline

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// TestPruneElsewhere: latencies are of the runtime that is named, in the choice of what goes and in
// the manifest; a predictor of another is refused before anything is trained.
func TestPruneElsewhere(t *testing.T) {
	_, _, parent := winner(t)
	m, err := manifest.Read(manifest.Path(parent))
	if err != nil {
		t.Fatal(err)
	}
	c := prune.Defaults(prune.Magnitude, supernet.Channels)
	c.Epochs, c.Batch = 1, 16
	job := PruneJob{
		Manifest: parent, Config: c, Dir: filepath.Join(t.TempDir(), "pruned"), MaxLatencyMS: 1000,
		Runtime: otherRuntime{}, Budget: time.Millisecond, Workers: 1,
		Latency:  &predictor.Latency{Device: "other", Runtime: m.Measured.Runtime},
		Progress: func(string, int, int) {}, Say: func(string, ...any) {},
	}
	if _, err := Prune(t.Context(), job); err == nil || !strings.Contains(err.Error(),
		"the latency predictor is of "+m.Measured.Runtime) {
		t.Errorf("a predictor of another runtime: %v", err)
	}
	job.Latency = nil
	r, err := Prune(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	pruned, err := manifest.Read(r.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if want := (otherRuntime{}).Info().ID(); pruned.Measured.Runtime != want {
		t.Errorf("it was measured with %s, want %s", pruned.Measured.Runtime, want)
	}
}
