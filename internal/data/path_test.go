package data_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// TestKeepAndResolve: a kept path is from its folder; old ones, from the working folder, are found
// where nothing is at the other place.
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
		{filepath.Join(root, "images"), filepath.Join(root, "images"),
			filepath.Join(root, "images")},
		// is gone from the run, and found where it may have been meant
		{"work/run/images", "images", "images"},
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

// TestKeepThroughLinks: a folder is reached by a link, and its data by the path from where it
// really is, in both directions.
func TestKeepThroughLinks(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	for _, dir := range []string{"real/deep/run", "real/images", "near/by", "real/deep/run/new"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "real", "deep"), filepath.Join("near", "by",
		"link")); err != nil {
		t.Skip(err)
	}
	link, run := filepath.Join("near", "by", "link", "run"), filepath.Join("real", "deep", "run")
	for _, written := range []string{link, run, filepath.Join(link, "new")} {
		kept := data.Keep(written, filepath.Join("real", "images"))
		for _, read := range []string{written, strings.Replace(written, link, run, 1)} {
			if got := data.Resolve(read, kept); !sameFolder(t, got,
				filepath.Join("real", "images")) {
				t.Errorf("written through %s, kept as %s, resolved from %s: %s", written, kept,
					read, got)
			}
		}
	}
	for _, read := range []string{link, run} {
		if got := data.Resolve(read, "../../images"); !sameFolder(t, got,
			filepath.Join("real", "images")) {
			t.Errorf("from %s the images are resolved to %s", read, got)
		}
	}
}

// TestKeepFrom: a winner keeps its run's data as the run does.
func TestKeepFrom(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "images"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ kept, want string }{{"../images", "../../images"},
		{root + "/images", root + "/images"}, {"synthetic", "synthetic"}, {"", ""}} {
		if got := data.KeepFrom(filepath.Join(root, "winners", "best"), filepath.Join(root, "run"),
			c.kept); got != filepath.FromSlash(c.want) {
			t.Errorf("%q is kept as %q, want %q", c.kept, got, c.want)
		}
	}
}

func sameFolder(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.Stat(a)
	if err != nil {
		t.Error(err)
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
