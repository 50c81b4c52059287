package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

func TestWriteDir(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "checkpoint")
	err := store.WriteDir(path+"/", func(tmp string) error {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the folder is visible before it is whole")
		}
		if err := os.Mkdir(filepath.Join(tmp, "sub"), 0o755); err != nil {
			return err
		}
		if err := store.WriteFile(filepath.Join(tmp, "sub", "state"), text("epoch 3")); err != nil {
			return err
		}
		return os.Symlink("sub/state", filepath.Join(tmp, "latest"))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "checkpoint")
	wantContent(t, filepath.Join(path, "sub", "state"), "epoch 3")
	wantContent(t, filepath.Join(path, "latest"), "epoch 3")
}

func TestWriteDirReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	full, empty, file := filepath.Join(dir, "full"), filepath.Join(dir, "empty"),
		filepath.Join(dir, "file")
	for _, d := range []string{full, empty} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(full, "old"), "old")
	put(t, file, "old")
	for _, path := range []string{full, empty, file} {
		err := store.WriteDir(path, func(string) error {
			t.Error("fill was called")
			return nil
		})
		wantError(t, err, fs.ErrExist, path, "choose another name")
	}
	wantContent(t, filepath.Join(full, "old"), "old")
	wantNames(t, dir, "empty", "file", "full")
}

// Another process may make the same folder while this one fills its own.
func TestWriteDirLosesRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run")
	err := store.WriteDir(path, func(string) error {
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(path, "theirs"), []byte("theirs"), 0o644)
	})
	wantError(t, err, fs.ErrExist, "run")
	wantContent(t, filepath.Join(path, "theirs"), "theirs")
	wantNames(t, dir, "run")
}

func TestWriteDirLeavesNothingOnError(t *testing.T) {
	dir := t.TempDir()
	boom := errors.New("boom")
	err := store.WriteDir(filepath.Join(dir, "run"), func(tmp string) error {
		put(t, filepath.Join(tmp, "a"), "half")
		return boom
	})
	wantError(t, err, boom, "run")
	wantNames(t, dir)

	// a fill that loses its own folder
	err = store.WriteDir(filepath.Join(dir, "run"), os.RemoveAll)
	wantError(t, err, fs.ErrNotExist)
	wantNames(t, dir)

	err = store.WriteDir(filepath.Join(dir, "none", "run"), func(string) error { return nil })
	wantError(t, err, fs.ErrNotExist, "folder", "make it first")
}
