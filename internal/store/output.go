package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrOutput is what every refusal of [Output.Check] wraps.
var ErrOutput = errors.New("cannot be written")

// Output is what is to be written, for a look before the work that makes it.
type Output struct {
	Path string
	// Kind is that of the document, or FolderOutput, StoreOutput, or any other word for a file that
	// is no document.
	Kind string
	// Ours says of a file that is no document, and is there already, whether tailor wrote it; nil:
	// of none.
	Ours func(path string) bool
	// Unread says that no command reads such a file from a folder: one that tailor wrote is
	// replaced in a folder of inputs too.
	Unread bool
	// Inputs are the files and folders that are read.
	Inputs []string
	// Force replaces a file that tailor did not write.
	Force bool
}

// Kinds of outputs that are no documents and no plain files.
const (
	FolderOutput = "folder" // made where it is missing
	StoreOutput  = "store"  // of measurements: added to
)

// parts are the kinds of documents that live in a folder with others: none is replaced by a file of
// its own.
var parts = []string{"run", "checkpoint", "pruning", "pruning-state", "variants",
	"manifest", "front"}

// owners are documents that make the folder they are in tailor's.
var owners = []string{"run.json", "pruning.json", "manifest.json"}

// inner are the names of files that belong to such a folder.
var inner = []string{"run.json", "pruning.json", "variants.json", "manifest.json", "front.json",
	"metrics.jsonl", "weights.safetensors", "momentum.safetensors", "state.json", "network.onnx", "network.tflite"}

// measurementsFile is a run's own store.
const measurementsFile = "measurements.sqlite"

// Check refuses what could not be written, or would destroy something. It is the one place that
// decides that: a file replaces a document of its own kind, other files with Force alone, and never
// an input, a part of a run or of a winner's folder, or a store. Its errors wrap [ErrOutput].
func (o Output) Check() error {
	path := filepath.Clean(o.Path)
	err := o.check(path)
	if real := followed(path); err == nil && real != path {
		if err = o.check(real); err != nil {
			err = fmt.Errorf("%s leads through a link: %w", path, err)
		}
	}
	if err != nil && !errors.Is(err, ErrOutput) {
		err = fmt.Errorf("%s %w: %w", path, ErrOutput, err)
	}
	return err
}

// Same says whether two outputs are one file or folder, under two names too.
func (o Output) Same(other Output) bool { return followed(o.Path) == followed(other.Path) }

// followed is where writing to a path writes: an absolute path, with the links followed of as much
// of it as is there.
func followed(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	dir := filepath.Dir(path)
	if dir == path {
		return path
	}
	return filepath.Join(followed(dir), filepath.Base(path))
}

func (o Output) check(path string) error {
	if dir := insideOf(path); dir != "" {
		return refuse(path, "it belongs to what is in %s: choose another name", dir)
	}
	info, err := os.Stat(path)
	switch {
	case o.Kind == FolderOutput:
		return checkFolder(path)
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return refuse(path, "it is a link to nowhere: choose another name")
		}
		if isStore(path) { // its journal, which is not there now
			return refuse(path, "the name belongs to the store of measurements beside it: choose another")
		}
		if o.Kind != StoreOutput && reserved(path) {
			return refuse(path, "the name belongs to the run or network in its folder: choose another")
		}
		return probe(filepath.Dir(path))
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w, choose another name", ErrNotRegular)
	}
	if err := o.checkReplaced(path, info); err != nil {
		return err
	}
	return probe(filepath.Dir(path))
}

func refuse(path, format string, args ...any) error {
	return fmt.Errorf("%s %w: %s", path, ErrOutput, fmt.Sprintf(format, args...))
}

// checkReplaced looks at a file that is there.
func (o Output) checkReplaced(path string, info fs.FileInfo) error {
	if input := o.inputAt(info); input != "" {
		return refuse(path, "it is an input (%s): choose another name", input)
	}
	stored := isStore(path)
	switch {
	case o.Kind == StoreOutput && !stored && info.Size() > 0:
		return refuse(path, "it is there, and no store of measurements: choose another name")
	case o.Kind == StoreOutput:
		return nil
	case stored:
		return refuse(path, "it is a store of measurements: choose another name")
	case reserved(path):
		return refuse(path, "it belongs to the run or network in its folder: choose another name")
	}
	kind, _, err := Kind(path)
	switch {
	// a folder of inputs may hold it: a command that reads its own kind from one leaves it out
	case err == nil && kind == o.Kind, err != nil && o.Unread && o.Ours != nil && o.Ours(path):
		return nil
	case o.inputFolder(path) != "":
		return refuse(path, "it is an input (%s): choose another name", o.inputFolder(path))
	case err != nil && o.Ours != nil && o.Ours(path), err == nil && o.Force &&
		!slices.Contains(parts, kind), err != nil && o.Force:
		return nil
	case err == nil && slices.Contains(parts, kind):
		return refuse(path, "it is a tailor %s: choose another name", kind)
	case err == nil:
		return refuse(path, "it is a tailor %s, and would be replaced by %s: choose another name, or replace it with --force", kind, withArticle(o.Kind))
	}
	return refuse(path, "it is there, and tailor did not write it: choose another name, or replace it with --force")
}

// inputAt is the input that a file is.
func (o Output) inputAt(info fs.FileInfo) string {
	for _, in := range o.Inputs {
		if other, err := os.Stat(in); err == nil && os.SameFile(info, other) {
			return in
		}
	}
	return ""
}

// inputFolder is the folder of inputs that a file is in. A run is one that others' files may lie
// in.
func (o Output) inputFolder(path string) string {
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return ""
	}
	for _, in := range o.Inputs {
		if other, err := os.Stat(in); err == nil && other.IsDir() && os.SameFile(dir, other) &&
			!owned(in) {
			return in
		}
	}
	return ""
}

// insideOf is the run that a path is in the inner folders of, "" if there is none.
func insideOf(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	for dir := path; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if filepath.Base(dir) == "checkpoints" && owned(filepath.Dir(dir)) {
			return filepath.Dir(dir)
		}
	}
	return ""
}

// owned says whether a folder is a run's or a network's.
func owned(dir string) bool {
	return slices.ContainsFunc(owners, func(name string) bool {
		_, _, err := Kind(filepath.Join(dir, name))
		return err == nil
	})
}

// reserved says whether a file's name is one that its folder, a run's or a network's, has for
// itself.
func reserved(path string) bool {
	name := filepath.Base(path)
	own := slices.Contains(inner, name) || strings.HasPrefix(name, measurementsFile) ||
		name == "lock" || strings.HasSuffix(name, ".lock")
	return own && owned(filepath.Dir(path))
}

// isStore says whether a file is a SQLite database, or beside one and part of it.
func isStore(path string) bool {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		path = strings.TrimSuffix(path, suffix)
	}
	f, _, err := OpenRegular(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var opening [16]byte
	_, err = io.ReadFull(f, opening[:])
	return err == nil && bytes.Equal(opening[:], []byte("SQLite format 3\x00"))
}

// checkFolder wants a folder that is there, or can be made, and can be written in.
func checkFolder(path string) error {
	for dir := path; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
			continue
		case err != nil:
			return err
		case !info.IsDir():
			return refuse(path, "%s is a file, not a folder: choose another name", dir)
		}
		return probe(dir)
	}
}

// probe makes and removes a file in a folder: nothing else tells for sure that one can be made.
func probe(dir string) error {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("its folder %s: %w: make it first", dir, fs.ErrNotExist)
	} else if err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is a file, not a folder: choose another name", dir)
	}
	name := partialName(filepath.Join(dir, probeName))
	f, err := osDisk{}.create(name)
	if err != nil {
		return fmt.Errorf("no file can be made in its folder %s: %w", dir, reason(err))
	}
	if err := errors.Join(f.Close(), os.RemoveAll(name)); err != nil {
		return err
	}
	// Those that killed processes left go too, where that is possible: they may be another user's.
	_ = CleanNames(dir, probeName)
	return nil
}

// probeName is a name that nothing else is written under.
const probeName = "tailor-probe"

// reason leaves out the name of a file that nobody asked for.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
