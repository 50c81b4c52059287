package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// tinyONNX writes a small network of ten classes as an ONNX file, which says how it takes images.
func tinyONNX(t *testing.T, path string) {
	t.Helper()
	s, err := supernet.ParseSpace("tiny.yaml", []byte(tinySpace))
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(s.Blocks(s.Max()), s.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	half := []float32{0.5, 0.5, 0.5}
	file, err := onnx.Marshal(net, export.Meta{Mean: half, Std: half})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLabels: names of classes are read as train --classes reads them, with the mark of a UTF-8
// file or without, and what is wrong is said with its place.
func TestLabels(t *testing.T) {
	w := &walkthrough{t, t.TempDir(), map[string]map[string]any{}}
	tinyONNX(t, w.path("net.onnx"))
	long := strings.Repeat("x", 70_000)
	names := "a b c d e f g h i " + long
	lines := strings.ReplaceAll(names, " ", "\n")
	for file, text := range map[string]string{"marked": "\ufeff" + lines,
		"dos": strings.ReplaceAll(lines, "\n", "\r\n"), "few": "a\nb", "bytes": "a\nb\xff\nc",
		"twice": "a\nb\na"} {
		if err := os.WriteFile(w.path(file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"marked", "dos"} {
		w.do(file, "adopt @net.onnx --labels @"+file+" --out @"+file+".run")
		info, err := trainer.ReadInfo(w.path(file + ".run"))
		if err != nil || !slices.Equal(info.Data.Classes, strings.Fields(names)) {
			t.Errorf("%s: %.99q, %v", file, info.Data.Classes, err)
		}
	}
	for file, want := range map[string]string{"few": "it has 2 names", "bytes": "bytes:2: the name",
		"twice": "twice:3: class"} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"adopt", w.path("net.onnx"), "--labels", w.path(file),
			"--out", w.path("none")}, &stdout, &stderr); code != exitFailed ||
			!strings.Contains(stderr.String(), want) {
			t.Errorf("%s: status %d, %s", file, code, stderr.String())
		}
	}
}

// TestAdopt walks from somebody's network to a run of its own space, and of one that was edited.
func TestAdopt(t *testing.T) {
	w := &walkthrough{t, t.TempDir(), map[string]map[string]any{}}
	tinyONNX(t, w.path("net.onnx"))
	w.do("adopt", "adopt @net.onnx --data synthetic --out @run")
	r := w.results["adopt"]
	if got := fmt.Sprintf("%v %v %v %v", r["checked"], r["classes"],
		r["measured_images"], r["invented_images"]); got != "true 10 256 false" {
		t.Errorf("%v", r)
	}
	if err := compileSchemas(t)["run"].Validate(readJSON(t, w.path("run/run.json"))); err != nil {
		t.Error(err)
	}
	w.do("spaces", "spaces @run/space.yaml")
	w.do("eval", "eval --run @run --data synthetic --calibration 100 --arch max")
	w.do("as stored", "eval --run @run --data synthetic --calibration 0")
	w.do("by default", "eval --run @run --data synthetic")
	if a, b := w.results["by default"], w.results["as stored"]; fmt.Sprint(a) != fmt.Sprint(b) ||
		fmt.Sprint(a["calibration_images"]) != "0" {
		t.Errorf("by default %v, with the network's own statistics %v", a, b)
	}
	text, err := os.ReadFile(w.path("run/space.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "kernel: [3, 5]", "kernel: [3, 5, 7]", 1)
	if err := os.WriteFile(w.path("mine.yaml"), []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	w.do("again", "adopt @net.onnx --space @mine.yaml --out @wider")
	if fmt.Sprint(w.results["again"]["space"]) == fmt.Sprint(r["space"]) {
		t.Error("the edited space is the one before")
	}
	smaller := regexp.MustCompile(`resolutions: .*`).ReplaceAllString(string(text),
		"resolutions: [10, 12]")
	if err := os.WriteFile(w.path("smaller.yaml"), []byte(smaller), 0o644); err != nil {
		t.Fatal(err)
	}
	w.do("smaller", "adopt @net.onnx --space @smaller.yaml --out @smaller")
	if got := fmt.Sprint(w.results["smaller"]["taken"]); !strings.Contains(got,
		"from:--space name:resolution value:12") {
		t.Errorf("of a space of up to 12 px was taken %s", got)
	}
	for line, want := range map[string]string{
		"export @run --onnx @x.onnx":                                        "fit accuracy --run @run --data DIR --out",
		"adopt @net.onnx --out @run":                                        "@run",
		"adopt @net.onnx --out @none --bn-eps 1e-3":                         "--bn-eps",
		"adopt @mine.yaml --out @none":                                      "neither a state dict",
		"adopt @net.onnx --out @none --resolution 64":                       "--resolution",
		"adopt @net.onnx --out @none --space @smaller.yaml --resolution 16": "of space net is 12",
		"adopt @net.onnx --out @none --labels @net.onnx":                    "labels",
	} {
		args := strings.Fields(strings.ReplaceAll(line, "@", w.dir+string(filepath.Separator)))
		var stdout, stderr bytes.Buffer
		want = strings.ReplaceAll(want, "@", w.dir+string(filepath.Separator))
		if code := run(t.Context(), args, &stdout, &stderr); code != exitFailed ||
			!strings.Contains(stderr.String(), want) {
			t.Errorf("tailor %s: status %d, %s", line, code, stderr.String())
		}
	}
	if _, err := os.Stat(w.path("none")); err == nil {
		t.Error("what failed has left a folder")
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"train", "--init", w.path("net.onnx"), "--data", "synthetic",
		"--train-images", "400", "--test-images", "10", "--plan"}, &stdout, &stderr)
	for _, said := range []string{"16 px", "mean [0.5 0.5 0.5]", "epsilon 1e-05",
		"padding symmetric"} {
		if code != exitDone || !strings.Contains(stderr.String(), said) {
			t.Errorf("train --init FILE does not say %s: status %d, %s", said, code,
				stderr.String())
		}
	}
}
