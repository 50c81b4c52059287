package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/search/manifest"
)

// images writes a small data set of two classes, with files that cannot be read or that are no
// images.
func images(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, b []byte) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i, class := range []string{"dark", "light"} {
		for j := range 24 {
			img := image.NewGray(image.Rect(0, 0, 20, 16))
			for k := range img.Pix {
				img.Pix[k] = byte(120*i + k*j%100)
			}
			img.SetGray(j%20, 3, color.Gray{255})
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			part := []string{"Train", "Train", "Valid", "Test"}[j%4]
			put(filepath.Join(part, class, string(rune('a'+j))+".png"), b.Bytes())
		}
	}
	put("Train/dark/new.heic", []byte("x"))
	put("Train/light/broken.jpg", []byte("\xff\xd8\xff"))
	put("README.txt", []byte("x"))
	if err := os.MkdirAll(filepath.Join(dir, "Train", "none"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tailor runs a command.
func tailor(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// TestOpenedOtherData: eval says what it found at --data, not what the run was trained on, and goes
// on without what is damaged if it is told to.
func TestOpenedOtherData(t *testing.T) {
	dir, out := images(t), t.TempDir()
	at := func(name string) string { return filepath.Join(out, name) }
	if err := os.WriteFile(at("micro.yaml"), []byte(microSpace), 0o644); err != nil {
		t.Fatal(err)
	}
	train := []string{"train", "--space", at("micro.yaml"), "--data", filepath.Join(dir, "Test"),
		"--epochs", "1", "--batch", "4", "-q"}
	const planned = "2 classes, 10 train / 0 validation / 2 test (from train), "
	if code, _, stderr := tailor(t, append(slices.Clone(train[:len(train)-1]), "--plan", "--holdout",
		"0")...); code != exitDone || !strings.HasPrefix(stderr, planned) {
		t.Errorf("--plan: status %d, stderr %s", code, stderr)
	}
	if code, _, stderr := tailor(t, append(train, "--holdout", "0", "--out",
		at("run"))...); code != exitDone {
		t.Fatal(stderr)
	}
	eval := []string{"eval", "--run", at("run"), "--data", dir, "-q"}
	if code, _, stderr := tailor(t, eval...); code != exitFailed || !strings.Contains(stderr,
		"3 problems") || !strings.Contains(stderr, "--skip-damaged") {
		t.Errorf("status %d, stderr %s", code, stderr)
	}
	const line = "2 classes, 12 test, 16-20 px, centre square resized to 16; " +
		"3 files left out: 1 .heic, 1 .txt, 1 damaged .jpg; 1 folder without images left out\n"
	if code, _, stderr := tailor(t, append(eval, "--skip-damaged")...); code != exitDone ||
		stderr != line {
		t.Errorf("status %d, stderr %s", code, stderr)
	}
	if code, _, stderr := tailor(t, "eval", "--run", at("run"),
		"--skip-damaged"); code != exitUsage {
		t.Errorf("without --data: status %d, stderr %s", code, stderr)
	}
	// A command that cannot go on without them does not say so.
	if code, _, stderr := tailor(t, "prune", "nothing", "--data", dir, "--sparsity", "0.3", "--out",
		at("p")); code == exitDone || strings.Contains(stderr, "--skip-damaged") {
		t.Errorf("prune: status %d, stderr %s", code, stderr)
	}
}

// TestOpened: every command that opens images says once what it found, as a line and in its JSON,
// and what was skipped stays with the run and the manifest.
func TestOpened(t *testing.T) {
	dir, out := images(t), t.TempDir()
	at := func(name string) string { return filepath.Join(out, name) }
	if err := os.WriteFile(at("micro.yaml"), []byte(microSpace), 0o644); err != nil {
		t.Fatal(err)
	}
	train := []string{"train", "--space", at("micro.yaml"), "--data", dir, "--epochs", "1",
		"--batch", "8", "--out", at("run"), "-q", "--json"}
	code, _, stderr := tailor(t, train...)
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if code != exitFailed || len(lines) != 4 || !strings.Contains(lines[0], "new.heic") ||
		!strings.Contains(lines[1], "broken.jpg") || !strings.Contains(lines[2], `"Train/none"`) ||
		!strings.HasPrefix(lines[3], "tailor: ") || !strings.Contains(lines[3], "3 problems") ||
		!strings.Contains(lines[3], "--skip-damaged") {
		t.Errorf("status %d, stderr %s", code, stderr)
	}
	if _, err := os.Stat(at("run")); err == nil {
		t.Error("a run was begun")
	}
	const line = "2 classes, 24 train / 12 validation (Valid/) / 12 test, 16-20 px, centre square resized to 16; " +
		"3 files left out: 1 .heic, 1 .txt, 1 damaged .jpg; 1 folder without images left out\n"
	for _, args := range [][]string{
		append(train, "--skip-damaged"),
		{"eval", "--run", at("run"), "-q", "--json"},
		{"fit", "accuracy", "--run", at("run"), "--samples", "12", "--calibration", "16", "--out",
			at("accuracy.json"), "-q", "--json"},
		{"search", "--run", at("run"), "--accuracy", at("accuracy.json"), "--max-macs", "1G",
			"--bound=-1", "--out", at("winners"), "-q", "--json"},
		{"eval", at("winners/macs-1000000000"), "-q", "--json"},
		{"prune", at("winners/macs-1000000000"), "--sparsity", "0.3", "--method", "one-shot",
			"--epochs", "1", "--batch", "8", "--budget", "100ms", "--out", at("pruned"), "-q",
			"--json"},
	} {
		code, stdout, stderr := tailor(t, args...)
		if code != exitDone || strings.Count(stderr, line) != 1 {
			t.Fatalf("%v: status %d, stderr %s", args[:2], code, stderr)
		}
		var result struct {
			Data struct {
				Train          int            `json:"train"`
				ValidationFrom string         `json:"validation_from"`
				LeftOut        map[string]int `json:"left_out"`
				Skipped        []string       `json:"skipped"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(stdout), &result); err != nil {
			t.Fatal(err)
		}
		if d := result.Data; d.Train != 24 || d.ValidationFrom != "Valid" ||
			d.LeftOut[".heic"] != 1 || len(d.Skipped) != 3 {
			t.Errorf("%v: data %+v", args[:2], d)
		}
	}
	checkRecorded(t, at)
}

// stopper cancels when a word is written.
type stopper struct {
	word string
	stop func()
}

func (s *stopper) Write(b []byte) (int, error) {
	if strings.Contains(string(b), s.word) {
		s.stop()
	}
	return len(b), nil
}

// TestUnfinishedRun: whoever uses a run that was interrupted is told so, and nobody once it has
// come to its end.
func TestUnfinishedRun(t *testing.T) {
	dir := t.TempDir()
	space, run1 := filepath.Join(dir, "micro.yaml"), filepath.Join(dir, "run")
	if err := os.WriteFile(space, []byte(microSpace), 0o644); err != nil {
		t.Fatal(err)
	}
	train := []string{"train", "--space", space, "--data", "synthetic", "--train-images", "60",
		"--test-images", "20", "--holdout", "20", "--epochs", "4", "--batch", "8", "--out", run1,
		"--resume"}
	ctx, cancel := context.WithCancel(t.Context())
	if code := run(ctx, train, io.Discard, &stopper{"epoch 1:", cancel}); code != exitFailed {
		t.Fatalf("an interrupted training ends with %d", code)
	}
	const says = "alone, not to the end of its 4 epochs"
	fit := []string{"fit", "accuracy", "--run", run1, "--samples", "12", "--calibration", "16",
		"--out", filepath.Join(dir, "accuracy.json")}
	for _, args := range [][]string{{"eval", "--run", run1}, fit, {"search", "--run", run1,
		"--accuracy", filepath.Join(dir, "accuracy.json"), "--out",
		filepath.Join(dir, "winners")}} {
		if code, _, stderr := tailor(t, args...); code != exitDone ||
			strings.Count(stderr, says) != 1 {
			t.Errorf("%v: status %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := tailor(t, train...); code != exitDone {
		t.Fatalf("status %d, %s", code, stderr)
	}
	if code, _, stderr := tailor(t, "eval", "--run", run1); code != exitDone ||
		strings.Contains(stderr, says) {
		t.Errorf("status %d, %s", code, stderr)
	}
}

// checkRecorded looks at what the run and the manifests say about their images.
func checkRecorded(t *testing.T, at func(string) string) {
	for _, path := range []string{"winners/macs-1000000000/manifest.json",
		"pruned/network/manifest.json"} {
		m, _, err := manifest.Open(at(path))
		if err != nil {
			t.Fatal(err)
		}
		if p := m.Images.Preparation; p == nil || p.SizePx != 16 || p.Channels != "grey" ||
			p.Mean[0] != m.Mean[0] || !m.Images.SkipDamaged || len(m.Images.Skipped) != 3 {
			t.Errorf("%s: images %+v, preparation %+v", path, m.Images, p)
		}
	}
	text, err := os.ReadFile(at("run/run.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{`"tailor": "run/4"`, `"skip_damaged": true`,
		`"Train/light/broken.jpg"`, `"filter": "catmull-rom-antialias"`} {
		if !strings.Contains(string(text), says) {
			t.Errorf("run.json does not say %s", says)
		}
	}
}

const microSpace = `tailor: space/1
name: micro
classes: 2
channels: 1
resolutions: [12, 16]
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand: [1, 2]}
head: {features: 16, act: relu}
`
