package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteDir makes a folder of what fill puts into tmp, all of it or nothing: after an error, a panic
// in fill or a crash there is no path. Nothing is replaced: if path exists the error is
// [io/fs.ErrExist] and fill is not called. The parent of path must exist.
func WriteDir(path string, fill func(tmp string) error) error {
	if err := writeDir(osDisk{}, filepath.Clean(path), fill); err != nil {
		return fmt.Errorf("write folder %s: %w", path, err)
	}
	return nil
}

// writeDir trusts nothing that fill wrote to be on the disk yet, although files written by
// WriteFile are: flushing a clean file costs next to nothing.
func writeDir(d disk, path string, fill func(tmp string) error) error {
	// Between this look and the rename another process may make path. If it is a file or holds
	// anything the rename fails; only an empty folder would be replaced, so nothing is lost.
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%w, choose another name or remove it", fs.ErrExist)
	}
	tmp, err := fillPartial(d, path, fill)
	if err != nil {
		return err
	}
	defer d.removeAll(tmp) // finds nothing once tmp is renamed
	if err := d.rename(tmp, path); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// fillPartial makes a folder under a temporary name beside path and brings it to the disk. After an
// error nothing is left.
func fillPartial(d disk, path string, fill func(tmp string) error) (string, error) {
	tmp := partialName(path)
	if err := d.mkdir(tmp); err != nil {
		return "", createError(path, err)
	}
	whole := false
	defer func() { // after a panic in fill too
		if !whole {
			d.removeAll(tmp)
		}
	}()
	if err := fill(tmp); err != nil {
		return "", err
	}
	if err := syncTree(d, tmp); err != nil {
		return "", err
	}
	whole = true
	return tmp, nil
}

// syncTree flushes every file and folder under root. Links and pipes have no content of their own
// to flush.
func syncTree(d disk, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return d.syncDir(path)
		case entry.Type().IsRegular():
			return d.syncFile(path)
		}
		return nil
	})
}
