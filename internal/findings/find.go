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
	maxNotes     = 20
)

// ErrNothing is returned for folders in which tailor wrote nothing.
var ErrNothing = errors.New("nothing to report")

// closed are folders that hold no document of their own, or too many files that are none.
var closed = []string{"checkpoints", "cache", ".git"}

// document is a file that says what it is.
type document struct{ path, kind string }

// find lists the documents below some paths, each once, in the order of their paths. Links to
// folders are followed where they are named, and nowhere below.
//
// Files and folders that may not be read are noted.
func find(paths []string) (all []document, notes []string, err error) {
	f := finder{seen: map[string]bool{}}
	for _, path := range paths {
		info, err := store.Stat(path)
		if err != nil {
			return nil, nil, err
		}
		root := path
		if info.IsDir() { // of a link that somebody named, the folder behind it
			root += string(filepath.Separator) + "."
		}
		if err := filepath.WalkDir(root, f.visit); err != nil {
			return nil, nil, fmt.Errorf("look for files in %s: %w", path, err)
		}
	}
	if len(f.all) == 0 {
		return nil, nil, fmt.Errorf("%w: %s",
			ErrNothing, strings.Join(append([]string{"there is no document of tailor's in " +
				strings.Join(paths, ", ") + ": give folders of runs, winners or profiles"},
				f.notes...), "; "))
	}
	slices.SortStableFunc(f.all, func(a, b document) int { return strings.Compare(a.path, b.path) })
	return f.all, f.notes, nil
}

type finder struct {
	entries int
	seen    map[string]bool
	all     []document
	notes   []string
}

// note keeps that something may not be read. That it is not there any more is nothing to say.
func (f *finder) note(err error) {
	if errors.Is(err, fs.ErrPermission) && len(f.notes) < maxNotes {
		f.notes = append(f.notes, "left out: "+err.Error())
	}
}

func (f *finder) visit(path string, entry fs.DirEntry, err error) error {
	if err != nil {
		f.note(err)
		return nil
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
		f.note(err)
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
