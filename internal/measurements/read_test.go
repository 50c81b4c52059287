package measurements

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadAll gives what was put, in a folder that nobody may write in too, and changes nothing.
func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a b?#%.sqlite")
	s := open(t, path)
	other := subject
	other.Weights = "x"
	for i, about := range []Subject{subject, subject, other} {
		if err := s.Put(t.Context(), about, measurement(i)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := ReadAll(t.Context(), path)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d measurements (%v), want 3", len(all), err)
	}
	for i, about := range []Subject{subject, subject, other} {
		if all[i] != (Filed{about, measurement(i)}) {
			t.Errorf("%+v, want %+v of %+v", all[i], measurement(i), about)
		}
	}
	after, err := os.ReadFile(path)
	entries, _ := os.ReadDir(dir)
	if err != nil || string(after) != string(before) || len(entries) != 1 {
		t.Errorf("reading changed the file, or left %d files (%v)", len(entries), err)
	}
}

func TestReadAllRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadAll(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := ReadAll(t.Context(), dir); !errors.Is(err, ErrNotLog) {
		t.Errorf("a folder: %v", err)
	}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database\n", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAll(t.Context(), text); !errors.Is(err, ErrNotLog) {
		t.Errorf("a text: %v", err)
	}
	path := filepath.Join(dir, "m.sqlite")
	s := open(t, path)
	if err := s.Put(t.Context(), subject, measurement(1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	raw(t, path, "UPDATE measurements SET value = 0.5")
	if _, err := ReadAll(t.Context(), path); !errors.Is(err, ErrDamaged) {
		t.Errorf("a row that was changed: %v", err)
	}
	raw(t, path, "PRAGMA user_version = 1")
	if _, err := ReadAll(t.Context(), path); !errors.Is(err, ErrNotLog) ||
		!strings.Contains(err.Error(), "fit accuracy") {
		t.Errorf("an older file: %v", err)
	}
}
