package findings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
)

// Limits of what is looked at: more is somebody's disk and not the folders of some runs.
const (
	maxEntries   = 200_000
	maxDocuments = 2_000
)

// ErrNothing is returned for folders in which tailor wrote nothing.
var ErrNothing = errors.New("nothing to report")

// closed are folders that hold no document of their own, or too many files that are none.
var closed = []string{"checkpoints", "cache", ".git"}

// document is a file that says what it is.
type document struct{ path, kind string }

// find lists the documents below some paths, each once, in the order of their paths. Links to
// folders are followed where they are named, and nowhere below.
func find(paths []string) ([]document, error) {
	f := finder{seen: map[string]bool{}}
	for _, path := range paths {
		info, err := store.Stat(path)
		if err != nil {
			return nil, err
		}
		root := path
		if info.IsDir() { // of a link that somebody named, the folder behind it
			root += string(filepath.Separator) + "."
		}
		if err := filepath.WalkDir(root, f.visit); err != nil {
			return nil, fmt.Errorf("look for files in %s: %w", path, err)
		}
	}
	if len(f.all) == 0 {
		return nil, fmt.Errorf("%w: there is no document of tailor's in %s: give folders of runs, winners or profiles",
			ErrNothing, strings.Join(paths, ", "))
	}
	slices.SortStableFunc(f.all, func(a, b document) int { return strings.Compare(a.path, b.path) })
	return f.all, nil
}

type finder struct {
	entries int
	seen    map[string]bool
	all     []document
}

func (f *finder) visit(path string, entry fs.DirEntry, err error) error {
	if err != nil {
		return nil // a folder that may not be read hides nothing that could be shown
	}
	if f.entries++; f.entries > maxEntries {
		return fmt.Errorf("there are more than %d files: name the folders of runs and winners",
			maxEntries)
	}
	if entry.IsDir() {
		if slices.Contains(closed, entry.Name()) || strings.HasSuffix(entry.Name(), ".partial") {
			return fs.SkipDir
		}
		return nil
	}
	return f.file(path)
}

func (f *finder) file(path string) error {
	if filepath.Ext(path) != ".json" {
		return nil
	}
	kind, _, err := store.Kind(path)
	if err != nil { // another program's
		return nil
	}
	name := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		name = real
	}
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	if f.seen[name] {
		return nil
	}
	f.seen[name] = true
	f.all = append(f.all, document{path, kind})
	if len(f.all) > maxDocuments {
		return fmt.Errorf("there are more than %d documents: name the folders of fewer runs",
			maxDocuments)
	}
	return nil
}

// base is the last part of a path that says something.
func base(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.Base(path)
}

// exists says whether there is a file.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
