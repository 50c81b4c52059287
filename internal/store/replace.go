package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReplaceDir is [WriteDir] where path may be a folder already, of nothing but files with names for
// which isFile is true: an earlier call's. Any other folder is [io/fs.ErrExist]. Whenever the
// process is killed, path is afterwards the old folder or the new one, whole; what the call leaves
// beside it then, [CleanDirs] removes. Where the file system cannot exchange two names, there is a
// moment without path: the old folder is then whole beside it, and CleanDirs gives it its name
// back.
func ReplaceDir(path string, isFile func(name string) bool, fill func(tmp string) error) error {
	path = filepath.Clean(path)
	if err := replaceDir(osDisk{}, path, isFile, fill); err != nil {
		return fmt.Errorf("write folder %s: %w", path, err)
	}
	return nil
}

func replaceDir(d disk, path string, isFile func(string) bool, fill func(string) error) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return writeDir(d, path, fill)
	}
	if !holdsOnly(path, isFile) {
		return fmt.Errorf("%w and holds something else; choose another name or remove it",
			fs.ErrExist)
	}
	tmp, err := fillPartial(d, path, fill)
	if err != nil {
		return err
	}
	old, err := swap(d, tmp, path)
	if err != nil {
		return errors.Join(err, d.removeAll(tmp))
	}
	// Only once the new name is on the disk may the old folder go.
	if err := d.syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return d.removeAll(old)
}

// swap gives tmp the name path, and the folder that had it another, which is told. After an error
// both are as before.
func swap(d disk, tmp, path string) (old string, err error) {
	err = d.exchange(tmp, path)
	if !errors.Is(err, errors.ErrUnsupported) {
		return tmp, err
	}
	old = temporaryName(path, oldSuffix)
	if err := d.rename(path, old); err != nil {
		return "", err
	}
	if err := d.rename(tmp, path); err != nil {
		return "", errors.Join(err, d.rename(old, path))
	}
	return old, nil
}

// RemoveDir removes a folder so that it is there whole or not at all. What it leaves if the process
// is killed, [CleanPartial] or [CleanDirs] removes. A folder that does not exist is removed.
func RemoveDir(path string) error {
	if err := removeDir(osDisk{}, filepath.Clean(path)); err != nil {
		return fmt.Errorf("remove folder %s: %w", path, err)
	}
	return nil
}

func removeDir(d disk, path string) error {
	tmp := partialName(path)
	if err := d.rename(path, tmp); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := d.syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return d.removeAll(tmp)
}
