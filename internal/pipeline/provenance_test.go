package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// TestManifestGivesTheNetworkBack follows a manifest to everything that it was made from, and runs
// its network again.
func TestManifestGivesTheNetworkBack(t *testing.T) {
	ctx := context.Background()
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	space := run.Info.Space
	accuracy, err := FitAccuracy(ctx, AccuracyJob{Run: run, Data: d, Samples: 10, Images: 20,
		Calibration: 16, Fit: regress.Defaults(), Workers: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if accuracy.Images != 20 || accuracy.Samples != 10 {
		t.Errorf("fitted to %d networks with %d images, want 10 with 20", accuracy.Samples,
			accuracy.Images)
	}
	accuracyFile := micro.Save(t, "accuracy.json", accuracy.Save)
	profile, profileFile := micro.Profile(t, space)
	latency, err := FitLatency(space, profile, profileFile)
	if err != nil {
		t.Fatal(err)
	}
	latencyFile := micro.Save(t, "latency.json", latency.Save)

	var limits []search.Limits
	for _, a := range []supernet.Arch{space.Min(), space.Max()} {
		limits = append(limits, search.Limits{LatencyMS: 1.1 * micro.NetworkMS(space, a)})
	}
	result, err := winners.Search(ctx, winners.Job{Config: optimize.Defaults(), Space: space,
		Run: run, Data: d, Verify: true, Accuracy: accuracy, Limits: limits,
		Devices: []winners.Device{{Latency: latency}}, Dir: t.TempDir(), Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	weights := fileHash(t, filepath.Join(run.Dir, "checkpoints", "step-000000008",
		"weights.safetensors"))
	want := map[string]string{
		"weights": weights, "data": d.SHA256, "accuracy": documentHash(t, accuracyFile),
		"latency": documentHash(t, latencyFile), "profile": documentHash(t, profileFile),
	}
	if len(result.Winners) != len(limits) {
		t.Fatalf("%d winners, want %d", len(result.Winners), len(limits))
	}
	for _, w := range result.Winners {
		m := measureAgain(t, run, d, w)
		for role, sha := range want {
			if m.Inputs[role].SHA256 != sha {
				t.Errorf("%s: input %s is %.12s, the file's hash is %.12s", w.Manifest, role,
					m.Inputs[role].SHA256, sha)
			}
		}
		if len(m.Inputs) != len(want) {
			t.Errorf("%s has %d inputs, want %d", w.Manifest, len(m.Inputs), len(want))
		}
		if file := filepath.Join(filepath.Dir(w.Manifest),
			m.Weights.File); m.Weights.SHA256 != fileHash(t, file) {
			t.Errorf("%s is not the file of its manifest", file)
		}
	}
	checkAgain(t, accuracyFile, latencyFile, run, accuracy, latency)
}

// measureAgain wants the very accuracy of the manifest from the network that it loads.
func measureAgain(t *testing.T, run *trainer.Run, d *trainer.Data,
	w winners.Winner) *manifest.Manifest {
	t.Helper()
	m, net, err := manifest.Open(w.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	// Another evaluator: other workers, another batch, the weights from the disk.
	e, err := trainer.NewEvaluator(run.Net, d, trainer.EvalSettings{CalibrationImages: 2000,
		Workers: 1, Batch: 50, Seed: 99})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	top1, err := e.SubnetTop1(context.Background(), net, d.Test)
	if err != nil {
		t.Fatal(err)
	}
	if top1 != m.Measured.Top1 || m.Measured.Images != 50 || m.Measured.Split != "test" {
		t.Errorf("%s: top-1 %v, the manifest says %+v of 50 test images", w.Manifest, top1,
			*m.Measured)
	}
	return m
}

// checkAgain reads the predictors as the next command would.
func checkAgain(t *testing.T, accuracyFile, latencyFile string, run *trainer.Run,
	accuracy *predictor.Accuracy, latency *predictor.Latency) {
	t.Helper()
	a, err := predictor.LoadAccuracy(accuracyFile, run.Info.Space)
	if err != nil {
		t.Fatal(err)
	}
	l, err := predictor.LoadLatency(latencyFile, run.Info.Space)
	if err != nil {
		t.Fatal(err)
	}
	archs := micro.AllArchs(run.Info.Space)
	for name, p := range map[string][2]search.Predictor{"accuracy": {a, accuracy},
		"latency": {l, latency}} {
		loaded, err := p[0].Predict(archs)
		if err != nil {
			t.Fatal(err)
		}
		fitted, err := p[1].Predict(archs)
		if err != nil {
			t.Fatal(err)
		}
		for i := range archs {
			if loaded[i] != fitted[i] {
				t.Fatalf("%s of network %d: %v from the file, %v before", name, i, loaded[i],
					fitted[i])
			}
		}
	}
}

func fileHash(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// documentHash is the checksum of a document, by the recipe in docs/formats.md: the digits on the
// third line as zeros.
func documentHash(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, []byte(`"sha256": "`)) + len(`"sha256": "`)
	copy(text[at:], bytes.Repeat([]byte("0"), 64))
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
