package trainer

import (
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
