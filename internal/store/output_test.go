package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

type plain struct {
	store.Header
}

// TestOutput: what may be written where, with and without Force.
func TestOutput(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	document := func(path, kind string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := store.WriteDocument(path, kind, 1, &plain{}); err != nil {
			t.Fatal(err)
		}
	}
	document(at("run[1]/run.json"), "run")
	document(at("run[1]/checkpoints/step-000000001/state.json"), "checkpoint")
	document(at("run[1]/accuracy.json"), "accuracy")
	document(at("winner/manifest.json"), "manifest")
	document(at("latency.json"), "latency")
	document(at("accuracy.json"), "accuracy")
	document(at("in/own.json"), "latency")
	for _, name := range []string{"run[1]/metrics.jsonl", "winner/weights.safetensors", "binary",
		"ours.svg", "in/table.yaml"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, at(name), "text")
	}
	put(t, at("my.sqlite"), "SQLite format 3\x00 and so on")
	if err := os.Symlink(at("nowhere"), at("dangling")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(at("latency.json"), at("link.json")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, kind    string
		plain, forced string // what the refusal says; empty: none
	}{
		{"new.json", "accuracy", "", ""},
		{"accuracy.json", "accuracy", "", ""},
		{"run[1]/accuracy.json", "accuracy", "", ""},
		{"run[1]/plot.svg", "plot", "", ""},
		{"accuracy.json", "profile", "it is a tailor accuracy", ""},
		{"binary", "accuracy", "did not write it", ""},
		{"in/own.json", "latency", "", ""}, // the same command again
		{"in/own.json", "accuracy", "an input", "an input"},
		{"in/table.yaml", "latency", "an input", "an input"},
		{"latency.json", "latency", "an input", "an input"},
		{"link.json", "latency", "an input", "an input"},
		{"run[1]/run.json", "accuracy", "belongs to the run", "belongs to the run"},
		{"run[1]/metrics.jsonl", "archs", "belongs to the run", "belongs to the run"},
		{"run[1]/measurements.sqlite", "archs", "belongs to the run", "belongs to the run"},
		{"run[1]/measurements.sqlite", store.StoreOutput, "", ""},
		{"run[1]/checkpoints/a.json", "accuracy", "belongs to what is in", "belongs to what is in"},
		{"run[1]/checkpoints/win", store.FolderOutput, "belongs to what is in",
			"belongs to what is in"},
		{"winner/weights.safetensors", "plot", "belongs to the run or network",
			"belongs to the run or network"},
		{"my.sqlite", "accuracy", "store of measurements", "store of measurements"},
		{"my.sqlite-wal", "accuracy", "store of measurements", "store of measurements"},
		{"my.sqlite", store.StoreOutput, "", ""},
		{"binary", store.StoreOutput, "no store of measurements", "no store of measurements"},
		{"ours.svg", "plot", "", ""},
		{"none/a.json", "accuracy", "make it first", "make it first"},
		{"binary/a.json", "accuracy", "not a directory", "not a directory"},
		{"in", "accuracy", "not a regular file", "not a regular file"},
		{"dangling", "accuracy", "link to nowhere", "link to nowhere"},
		{"none/deep/win", store.FolderOutput, "", ""},
		{"in", store.FolderOutput, "", ""},
		{"binary", store.FolderOutput, "is a file", "is a file"},
		{"binary/win", store.FolderOutput, "not a directory", "not a directory"},
	} {
		for _, force := range []bool{false, true} {
			want := c.plain
			if force {
				want = c.forced
			}
			o := store.Output{
				Path: at(c.name), Kind: c.kind, Force: force, Inputs: []string{at("latency.json"),
					at("in"), at("run[1]"), at("missing")},
				Ours: func(path string) bool {
					return strings.HasSuffix(path, ".svg") && c.kind == "plot" &&
						!strings.Contains(path, "safetensors")
				},
			}
			err := o.Check()
			if (err == nil) != (want == "") || err != nil && (!errors.Is(err, store.ErrOutput) ||
				!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(),
				at(c.name))) {
				t.Errorf("%s as %s, force %v: %v, want %q", c.name, c.kind, force, err, want)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.partial")); len(left) > 0 {
		t.Errorf("the looks left %v", left)
	}
}

// TestOutputThroughLinks: what a link leads to is as safe as under its own name.
func TestOutputThroughLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"run/checkpoints", "winner", "links", "plain"} {
		if err := os.MkdirAll(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, kind := range map[string]string{"run/run.json": "run",
		"winner/manifest.json": "manifest", "plain/latency.json": "latency"} {
		if err := store.WriteDocument(at(path), kind, 1, &plain{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"run/metrics.jsonl", "winner/weights.safetensors",
		"plain/text"} {
		put(t, at(name), "text")
	}
	for link, target := range map[string]string{"w.onnx": "winner/weights.safetensors",
		"m.json": "run/metrics.jsonl", "new.onnx": "links/w.onnx", "run": "run",
		"c": "run/checkpoints", "p": "plain"} {
		if err := os.Symlink(at(target), at("links/"+link)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Symlink(at("winner/network.onnx"), at("links/none.onnx")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"w.onnx":       "belongs to the run or network",
		"m.json":       "belongs to the run or network",
		"new.onnx":     "belongs to the run or network",
		"none.onnx":    "link to nowhere",
		"run/run.json": "belongs to the run",
		"c/a.json":     "belongs to what is in",
		"p/text":       "",
		"p/new.json":   "",
		"p/in/a.json":  "make it first",
	} {
		o := store.Output{Path: at("links/" + name), Kind: "latency", Force: true}
		err := o.Check()
		if (err == nil) != (want == "") || err != nil && (!errors.Is(err, store.ErrOutput) ||
			!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), o.Path)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	folder := store.Output{Path: at("links/c/deep/win"), Kind: store.FolderOutput}
	if err := folder.Check(); err == nil || !strings.Contains(err.Error(), "belongs to what is in") {
		t.Errorf("%s: %v", folder.Path, err)
	}
	one, two := store.Output{Path: at("links/p/new")}, store.Output{Path: at("plain/new")}
	if !one.Same(two) || one.Same(store.Output{Path: at("plain/other")}) {
		t.Error("one file under two names")
	}
}

// TestOutputCleansLooks that a killed process left, and nobody else's files.
func TestOutputCleansLooks(t *testing.T) {
	dir := t.TempDir()
	keep := filepath.Join(dir, "probe.0123456789abcdef.partial")
	for _, path := range []string{keep,
		filepath.Join(dir, "tailor-probe.0123456789abcdef.partial")} {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	profile := store.Output{Path: filepath.Join(dir, "p.json"), Kind: "profile"}
	if err := profile.Check(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 || left[0] != keep {
		t.Errorf("left %q", left)
	}
}

// TestOutputInFolderThatCannotBeWritten: the folder is there, and yet.
func TestOutputInFolderThatCannotBeWritten(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("no /proc")
	}
	err := store.Output{Path: "/proc/p.json", Kind: "profile"}.Check()
	if !errors.Is(err, store.ErrOutput) || strings.Contains(err.Error(), "make it first") ||
		!strings.Contains(err.Error(), "no file can be made in its folder /proc") {
		t.Errorf("%v", err)
	}
	err = store.WriteFile("/proc/p.json", text("x"))
	if err == nil || strings.Contains(err.Error(), "make it first") {
		t.Errorf("WriteFile: %v", err)
	}
}

// TestDocumentKeepsText: what JSON would replace is refused, what only looks like it is not.
func TestDocumentKeepsText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	for name, refused := range map[string]bool{"caf\xe9": true, "\\caf\xe9": true, "café": false,
		"\ufffd": false, `a\ufffd`: false, `a\\ufffd`: false} {
		doc := &plain{store.Header{Inputs: map[string]store.Input{"data": {Path: name,
			SHA256: strings.Repeat("0", 64)}}}}
		err := store.WriteDocument(path, "run", 1, doc)
		if errors.Is(err, store.ErrNotUTF8) != refused || !refused && err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if refused {
			continue
		}
		var back plain
		if err := store.ReadDocument(path, "run", 1, &back); err != nil ||
			back.Inputs["data"].Path != name {
			t.Errorf("%q came back as %q (%v)", name, back.Inputs["data"].Path, err)
		}
	}
}
