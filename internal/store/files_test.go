package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// contents are files of one text each.
func contents(dir, text string, names ...string) (all []Content) {
	for _, n := range names {
		all = append(all, Content{filepath.Join(dir, n), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}})
	}
	return all
}

// has says how many of a folder's files have a text, and how many there are.
func has(t *testing.T, dir, text string) (n, all int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(data, []byte(text)) {
			n++
		}
	}
	return n, len(entries)
}

// TestWriteFiles: where one of two cannot be written, both are as they were, and nothing else is
// left: after a full disk at any step before the first name, an error, or a name that is a folder.
func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFiles(contents(dir, "old", "a", "b")); err != nil {
		t.Fatal(err)
	}
	for n := range 8 { // create, write, sync, close of each
		err := writeFiles(&fullDisk{left: n}, contents(dir, "new", "a", "b"))
		if old, all := has(t, dir, "old"); !errors.Is(err, syscall.ENOSPC) || old != 2 || all != 2 {
			t.Errorf("with %d operations: %v, and %d of %d files are old", n, err, old, all)
		}
	}
	boom := errors.New("boom")
	files := append(contents(dir, "new", "a", "c"), Content{filepath.Join(dir, "b"),
		func(io.Writer) error { return boom }})
	if err := WriteFiles(files); !errors.Is(err, boom) {
		t.Errorf("%v, expected what the writer says", err)
	}
	folder := append(contents(dir, "new", "a"), contents(t.TempDir(), "new", ".")...)
	if err := WriteFiles(folder); !errors.Is(err, ErrNotRegular) {
		t.Errorf("%v, expected that a folder is refused", err)
	}
	if old, all := has(t, dir, "old"); old != 2 || all != 2 {
		t.Errorf("%d of %d files are old", old, all)
	}
	if err := WriteFiles(contents(dir, "new", "a", "b")); err != nil {
		t.Fatal(err)
	}
	if fresh, all := has(t, dir, "new"); fresh != 2 || all != 2 {
		t.Errorf("%d of %d files are new", fresh, all)
	}
}
