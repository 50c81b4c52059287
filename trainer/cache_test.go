package trainer

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSubset: a run on some of the classes opens these again, in its order.
func TestSubset(t *testing.T) {
	j := microJob(t, filepath.Join(t.TempDir(), "run"))
	j.Config.Epochs, j.Config.Strategy = 1, Full
	whole, err := OpenData("synthetic", DataOptions{Size: 16, Train: 180, Test: 50})
	if err != nil {
		t.Fatal(err)
	}
	j.Classes = []string{whole.Classes[4], whole.Classes[1], whole.Classes[2]}
	train(t, j)
	run, err := OpenRun(j.Dir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := run.OpenData("")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Classes, j.Classes) || run.Info.Space.Classes != 3 || d.Test.Len() != 15 {
		t.Errorf("classes %v, a space of %d, %d test images", d.Classes, run.Info.Space.Classes,
			d.Test.Len())
	}
	j.Resume = true
	slices.Sort(j.Classes)
	if _, err := Train(t.Context(), j); err == nil ||
		!strings.Contains(err.Error(), "with --classes of 3 (sha256 ") {
		t.Errorf("error %v about classes in another order", err)
	}
}

// TestCacheRefused: a cache is a folder of its own, and a job says so before it reads an image.
func TestCacheRefused(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"photos", "run"} {
		if err := os.Mkdir(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file", "run/cache"} {
		if err := os.WriteFile(at(name), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for cache, want := range map[string]string{
		at("file"):          "file is a file, expected a folder",
		at("file/inside"):   "file is a file, expected a folder",
		at("photos"):        "the data itself",
		at("x/../photos/."): "the data itself",
		AutoCache:           "cache is a file, expected a folder",
		at("none/yet"):      "",
		at("photos/cache"):  "",
		"":                  "",
	} {
		j := microJob(t, at("run"))
		j.Data, j.Cache = at("photos"), cache
		err := j.check()
		if (err == nil) != (want == "") || err != nil && (!errors.Is(err, ErrConfig) ||
			!strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", cache, err, want)
		}
	}
}

// TestCacheWithoutUse: synthetic images are made in memory, and a job says that nothing is cached.
func TestCacheWithoutUse(t *testing.T) {
	j := microJob(t, filepath.Join(t.TempDir(), "run"))
	j.Config.Epochs, j.Config.Strategy = 1, Full
	for _, cache := range []string{"", AutoCache} {
		warnings := 0
		j.Cache = cache
		j.Warn = func(format string, _ ...any) {
			warnings += strings.Count(format, "--cache has no effect")
		}
		if _, err := NewPlan(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		if want := min(1, len(cache)); warnings != want {
			t.Errorf("cache %q: %d warnings, want %d", cache, warnings, want)
		}
	}
}

// TestCacheDir: the cache moves with the run, unless it is absolute.
func TestCacheDir(t *testing.T) {
	t.Chdir(t.TempDir())
	for given, want := range map[string]string{"": "", AutoCache: "run/cache", "images": "images",
		"./cache": "cache", "/x/images": "/x/images"} {
		j := microJob(t, "run")
		j.Cache = given
		if got := j.dataInfo(1).cacheDir("run"); got != want {
			t.Errorf("%q is at %q, want %q", given, got, want)
		}
	}
}
