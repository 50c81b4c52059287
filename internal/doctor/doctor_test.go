package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// state is that of the check of a name.
func state(r *Report, name string) string {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.State
		}
	}
	return ""
}

// TestDisk leaves nothing behind, and fails in a folder that is not there.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	if err := writeAndRead(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("%v is left (%v)", left, err)
	}
	if err := writeAndRead(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v of a folder that is missing", err)
	}
}

func TestErr(t *testing.T) {
	r := &Report{Checks: []Check{{Name: "a", State: Works}, {Name: "b", State: Missing}}}
	if err := r.Err(); err != nil {
		t.Errorf("%v where nothing fails", err)
	}
	r.Checks = append(r.Checks, try("c", func() (string, error) { panic("a fault") }))
	if err := r.Err(); !errors.Is(err, ErrFails) || !strings.HasPrefix(err.Error(), "c: ") {
		t.Errorf("%v, expected that c fails", err)
	}
	if state(r, "c") != Fails {
		t.Errorf("%+v", r.Checks)
	}
}

// TestImages says what was found.
func TestImages(t *testing.T) {
	if found, err := images("synthetic"); found == "" || err != nil {
		t.Errorf("%q (%v)", found, err)
	}
	if _, err := images(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("images that are not there are found")
	}
}
