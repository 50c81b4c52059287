package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

// isWinnerFile is which files the folders of these tests have.
func isWinnerFile(name string) bool { return name == "a" || name == "b" }

// filled writes what a folder of these tests holds.
func filled(content string) func(tmp string) error {
	return func(tmp string) error {
		for _, name := range []string{"a", "b"} {
			if err := store.WriteFile(filepath.Join(tmp, name), text(content)); err != nil {
				return err
			}
		}
		return nil
	}
}

func replace(t *testing.T, path, content string) {
	t.Helper()
	if err := store.ReplaceDir(path, isWinnerFile, filled(content)); err != nil {
		t.Fatal(err)
	}
}

// wantWhole wants a folder to hold one of some contents in both of its files.
func wantWhole(t *testing.T, path string, contents ...string) {
	t.Helper()
	for _, content := range contents {
		if got, err := os.ReadFile(filepath.Join(path, "a")); err == nil && string(got) == content {
			wantNames(t, path, "a", "b")
			wantContent(t, filepath.Join(path, "b"), content)
			return
		}
	}
	t.Errorf("%s holds none of %q: %v", path, contents, names(t, filepath.Dir(path)))
}

func TestReplaceDir(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "best")
	replace(t, path, "first")
	wantWhole(t, path, "first")
	replace(t, path+"/", "second")
	wantWhole(t, path, "second")
	wantNames(t, dir, "best")
}

func TestReplaceDirLeavesTheOldOneOnError(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "best")
	replace(t, path, "old")
	boom := errors.New("boom")
	err := store.ReplaceDir(path, isWinnerFile, func(tmp string) error {
		return errors.Join(filled("new")(tmp), boom)
	})
	if !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	wantWhole(t, path, "old")
	wantNames(t, dir, "best")
}

func TestReplaceDirKeepsWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	path, file := filepath.Join(dir, "best"), filepath.Join(dir, "file")
	replace(t, path, "old")
	put(t, filepath.Join(path, "notes.txt"), "mine")
	put(t, file, "mine")
	for _, path := range []string{path, file} {
		wantError(t, store.ReplaceDir(path, isWinnerFile, filled("new")), fs.ErrExist, path,
			"something else")
	}
	wantContent(t, filepath.Join(path, "notes.txt"), "mine")
	wantContent(t, file, "mine")
	wantNames(t, dir, "best", "file")
}

func TestRemoveDir(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "best")
	replace(t, path, "old")
	for range 2 { // the second time there is nothing
		if err := store.RemoveDir(path); err != nil {
			t.Fatal(err)
		}
		wantNames(t, dir)
	}
}

// What looks like a temporary name and is not tailor's stays.
func TestCleanDirsLeavesOthers(t *testing.T) {
	dir := t.TempDir()
	const random = ".0123456789abcdef"
	for _, name := range []string{"best.partial", "best.old", "best" + random + ".partial", "best" +
		random, "best" + random + ".old"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name, "thesis.tex"), "mine")
	}
	put(t, filepath.Join(dir, "file"+random+".partial"), "mine")
	before := names(t, dir)
	if err := store.CleanDirs(dir, isWinnerFile); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, before...)
	if err := store.CleanNames(dir, "best", "fil"); err != nil { // which are named
		t.Fatal(err)
	}
	wantNames(t, dir, "best", "best.0123456789abcdef", "best.old", "best.partial",
		"file.0123456789abcdef.partial")
	wantContent(t, filepath.Join(dir, "best", "thesis.tex"), "mine") // put back
	if err := store.CleanDirs(filepath.Join(dir, "none"), isWinnerFile); err != nil {
		t.Error("a folder that does not exist:", err)
	}
}
