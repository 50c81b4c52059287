package data_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// TestKeepAndResolve: a kept path is from its folder; old ones, from the working folder, are found where nothing is at the other place.
func TestKeepAndResolve(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	if err := os.MkdirAll(filepath.Join("work", "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join("images", "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join("work", "run")
	for _, c := range []struct{ path, kept, resolved string }{
		{"images", "../../images", "images"},
		{"./images/", "../../images", "images"},
		{filepath.Join(root, "images"), filepath.Join(root, "images"), filepath.Join(root, "images")},
		{"work/run/images", "images", "images"}, // is gone from the run, and found where it may have been meant
		{"none", "../../none", "none"},
		{"synthetic", "synthetic", "synthetic"},
		{"./synthetic", "../../synthetic", "./synthetic"},
		{"", "", ""},
	} {
		kept := data.Keep(run, c.path)
		if kept != filepath.FromSlash(c.kept) {
			t.Errorf("%q is kept as %q, want %q", c.path, kept, c.kept)
		}
		if got := data.Resolve(run, kept); got != filepath.FromSlash(c.resolved) {
			t.Errorf("%q is resolved to %q, want %q", kept, got, c.resolved)
		}
	}
	if got := data.Keep(root, "./synthetic"); got != "./synthetic" {
		t.Errorf("a folder synthetic beside the file is kept as %q", got)
	}
}
