package library

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var made = Library{Name: "Made", Stem: "made_up_for_tests", Package: "made/capi",
	Variable: "TAILOR_TEST_LIBRARY", Install: "pip install made"}

// put makes a file, and the folders that it is in.
func put(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFind looks in the order that is documented.
func TestFind(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the names of files are Linux's")
	}
	env := t.TempDir()
	for _, variable := range []string{made.Variable, "CONDA_PREFIX"} {
		t.Setenv(variable, "")
	}
	t.Setenv("VIRTUAL_ENV", env)
	t.Setenv("PATH", t.TempDir())
	site := filepath.Join(env, "lib", "python3.11", "site-packages")
	dir := filepath.Join(site, "made", "capi")
	put(t, filepath.Join(dir, "libmade_up_for_tests_more.so"))
	_, err := made.Find("")
	var missing *NotFoundError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), site) ||
		!strings.Contains(err.Error(), "pip install made") {
		t.Errorf("%v, expected where it looked and how to install it", err)
	}
	put(t, filepath.Join(dir, "libmade_up_for_tests.so.1.3"))
	put(t, filepath.Join(dir, "libmade_up_for_tests.so.1.4"))
	want := filepath.Join(dir, "libmade_up_for_tests.so.1.4")
	if got, err := made.Find(""); got != want || err != nil {
		t.Errorf("%q (%v), expected %q", got, err, want)
	}
	named := filepath.Join(env, "other.so")
	t.Setenv(made.Variable, named)
	if _, err := made.Find(""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
	put(t, named)
	if got, err := made.Find(""); got != named || err != nil {
		t.Errorf("%q (%v), expected what the variable says", got, err)
	}
	if got, err := made.Find(want); got != want || err != nil {
		t.Errorf("%q (%v), expected what was given", got, err)
	}
	if _, err := made.Find(dir); err == nil {
		t.Error("a folder is taken for a library")
	}
}

func TestMatches(t *testing.T) {
	for system, names := range map[string][]string{
		"linux":   {"libmade_up_for_tests.so", "libmade_up_for_tests.so.1"},
		"darwin":  {"libmade_up_for_tests.dylib", "libmade_up_for_tests.1.2.dylib"},
		"windows": {"made_up_for_tests.dll"},
	} {
		for _, name := range names {
			if !made.matches(name, system) {
				t.Errorf("%s is not found on %s", name, system)
			}
			if made.matches("x"+name, system) ||
				made.matches(strings.Replace(name, "_tests", "_tests2", 1), system) {
				t.Errorf("what is like %s is found on %s", name, system)
			}
		}
	}
}
