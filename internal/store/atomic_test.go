package store_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	for _, content := range []string{"first", "", strings.Repeat("longer than the buffer ",
		10000)} {
		if err := store.WriteFile(path, text(content)); err != nil {
			t.Fatal(err)
		}
		wantContent(t, path, content)
		wantNames(t, dir, "a.txt")
	}
}

func TestWriteFileKeepsOldFileOnError(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	put(t, path, "old")
	boom := errors.New("boom")
	err := store.WriteFile(path, func(w io.Writer) error {
		// past the buffer, so that the disk has seen some
		io.WriteString(w, strings.Repeat("x", 1<<20))
		return boom
	})
	wantError(t, err, boom, "a.txt")
	wantContent(t, path, "old")
	wantNames(t, dir, "a.txt")

	err = store.WriteFile(filepath.Join(dir, "new.txt"), func(io.Writer) error { return boom })
	wantError(t, err, boom, "new.txt")
	wantNames(t, dir, "a.txt")
}

func TestWriteFileLeavesNothingOnPanic(t *testing.T) {
	dir := t.TempDir()
	func() {
		defer func() { recover() }()
		store.WriteFile(filepath.Join(dir, "a.txt"),
			func(io.Writer) error { panic("caller's bug") })
	}()
	wantNames(t, dir)
}

func TestWriteFileMissingFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "a.txt")
	wantError(t, store.WriteFile(path, text("x")), fs.ErrNotExist, "folder", "make it first")
}

func TestWriteFileRefusesFolder(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, dir + "/", ""} {
		wantError(t, store.WriteFile(path, text("x")), store.ErrNotRegular)
	}
	wantNames(t, dir)
}

func TestHashFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "abc")
	put(t, path, "abc")
	got, err := store.HashFile(path)
	// FIPS 180-2, appendix B.1.
	if want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; got != want ||
		err != nil {
		t.Errorf("HashFile = %s, %v, want %s", got, err, want)
	}
	_, err = store.HashFile(filepath.Join(dir, "none"))
	wantError(t, err, fs.ErrNotExist, "none", "check the path")
	_, err = store.HashFile(dir)
	wantError(t, err, store.ErrNotRegular)
}

func TestCleanPartial(t *testing.T) {
	dir := t.TempDir()
	partial := filepath.Join(dir, "run.0123456789abcdef.partial")
	if err := os.MkdirAll(filepath.Join(partial, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(partial, "deep", "w"), "x")
	put(t, filepath.Join(dir, "p.json.fedcba9876543210.partial"), "half")
	for _, foreign := range []string{"film.mkv.partial", "p.json", "x.0123456789ABCDEF.partial",
		"y.0123456789abcdef.partial.txt"} {
		put(t, filepath.Join(dir, foreign), "kept")
	}
	if err := store.CleanPartial(dir); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "film.mkv.partial", "p.json", "x.0123456789ABCDEF.partial",
		"y.0123456789abcdef.partial.txt")

	if err := store.CleanPartial(filepath.Join(dir, "none")); err != nil {
		t.Errorf("a folder that does not exist: %v", err)
	}
	wantError(t, store.CleanPartial(filepath.Join(dir, "p.json")), nil, "p.json")
}
