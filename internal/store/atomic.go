package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// bufferBytes is the unit in which files are written and read: large enough that a system call
// costs nothing beside it, small enough to stay in the cache between a hash and a conversion.
const bufferBytes = 1 << 16

// WriteFile makes write's output the content of path, all of it or nothing: after an error, a panic
// in write or a crash, path is as it was before. The folder of path must exist; a symbolic link is
// followed; the permissions of a file that is replaced are kept. The one error after which path is
// new is a failure to flush its folder.
func WriteFile(path string, write func(w io.Writer) error) error {
	if err := writeFile(osDisk{}, path, write); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writeFile does it in the one order that survives a power cut at any point: content to the disk,
// then the name, then the folder that holds the name.
func writeFile(d disk, path string, write func(w io.Writer) error) error {
	p, err := prepare(d, path, write)
	if err != nil {
		return err
	}
	return p.appear(d)
}

// pending is a file that is written whole under a temporary name.
type pending struct{ tmp, target string }

// prepare writes one.
func prepare(d disk, path string, write func(w io.Writer) error) (pending, error) {
	target, perm, err := destination(path)
	if err != nil {
		return pending{}, err
	}
	p := pending{partialName(target), target}
	written := false
	defer func() {
		if !written { // after a panic, too
			p.discard()
		}
	}()
	if err := writeNew(d, p.tmp, write); err != nil {
		return pending{}, err
	}
	if perm != 0 { // a file is replaced
		if err := os.Chmod(p.tmp, perm); err != nil {
			return pending{}, err
		}
	}
	written = true
	return p, nil
}

// appear gives the file its name.
func (p pending) appear(d disk) error {
	defer p.discard()
	if err := d.rename(p.tmp, p.target); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(p.target))
}

// discard removes what still has the temporary name.
func (p pending) discard() { _ = os.Remove(p.tmp) }

// writeNew writes and flushes a file of which nothing is visible yet.
func writeNew(d disk, path string, write func(w io.Writer) error) error {
	f, err := d.create(path)
	if err != nil {
		return createError(path, err)
	}
	defer f.Close() // for the ways out below; a second Close is harmless
	buf := bufio.NewWriterSize(f, bufferBytes)
	if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close() // some file systems report a full disk only here
}

// destination finds the name to rename to and, if a file is there already, its permissions. It
// refuses what a rename would wreck: /dev/null, a pipe, a folder.
func destination(path string) (target string, perm fs.FileMode, err error) {
	target = filepath.Clean(path)
	info, err := os.Lstat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return target, 0, nil
	}
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if target, err = filepath.EvalSymlinks(target); err == nil {
			info, err = os.Lstat(target)
		}
	}
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%w, choose another name", ErrNotRegular)
	}
	return target, info.Mode().Perm(), nil
}

// createError says what is wrong with the folder, where a file could not be made.
func createError(path string, err error) error {
	dir := filepath.Dir(path)
	if _, statErr := os.Stat(dir); errors.Is(statErr, fs.ErrNotExist) {
		return fmt.Errorf("its folder %s: %w: make it first", dir, fs.ErrNotExist)
	}
	return fmt.Errorf("no file can be made in its folder %s: %w", dir, reason(err))
}

// Content is what a file is to have.
type Content struct {
	Path  string
	Write func(w io.Writer) error
}

// WriteFiles is [WriteFile] for files that belong together: all are written to the disk before the
// first gets its name. Whatever keeps one from being written leaves all as they were; a crash, or a
// refusal, between one name and the next is all that can leave some new and some old.
func WriteFiles(files []Content) error { return writeFiles(osDisk{}, files) }

func writeFiles(d disk, files []Content) error {
	var all []pending
	defer func() {
		for _, p := range all {
			p.discard()
		}
	}()
	for _, f := range files {
		p, err := prepare(d, f.Path, f.Write)
		if err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		all = append(all, p)
	}
	for i, p := range all {
		if err := p.appear(d); err != nil {
			return fmt.Errorf("write %s: %w", files[i].Path, err)
		}
	}
	return nil
}
