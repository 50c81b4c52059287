package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// Temporary names are the final name with a random number and one of these behind it.
const (
	partialSuffix = ".partial" // what is being written, or is being removed
	// what was whole under its final name and is being replaced, where names cannot be exchanged
	oldSuffix = ".old"
)

// temporaryPattern is stricter than a suffix alone, so that other programs' ".partial" and ".old"
// files are left.
var temporaryPattern = regexp.MustCompile(`^(.+)\.[0-9a-f]{16}(\.partial|\.old)$`)

func partialName(path string) string { return temporaryName(path, partialSuffix) }

// temporaryName is a new name beside path: a rename is atomic only within one file system. It is
// random, not the process's id, because several containers that share a folder may all be process
// 1.
func temporaryName(path, suffix string) string {
	var random [8]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	return path + "." + hex.EncodeToString(random[:]) + suffix
}

// CleanPartial removes the temporary files and folders that killed writers left in dir, not below
// it. The caller makes sure that nobody is writing to dir meanwhile: [LockDir]. A dir that does not
// exist is clean.
func CleanPartial(dir string) error {
	return clean(osDisk{}, dir, func(string) bool { return true })
}

// CleanDirs is [CleanPartial] for a folder that others may write to as well: it removes folders
// alone, and of these only such that hold nothing but files with names for which isFile is true.
// What killed calls of [ReplaceDir] and [RemoveDir] left is like that.
func CleanDirs(dir string, isFile func(name string) bool) error {
	return clean(osDisk{}, dir, func(path string) bool { return holdsOnly(path, isFile) })
}

// CleanNames is [CleanPartial] for a folder that others may write to as well: it removes what
// writers of these names left.
func CleanNames(dir string, names ...string) error {
	return clean(osDisk{}, dir, func(path string) bool {
		match := temporaryPattern.FindStringSubmatch(filepath.Base(path))
		return slices.Contains(names, match[1])
	})
}

func clean(d disk, dir string, ours func(path string) bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clean %s: %w", dir, err)
	}
	for _, entry := range entries {
		match := temporaryPattern.FindStringSubmatch(entry.Name())
		path := filepath.Join(dir, entry.Name())
		if match == nil || !ours(path) {
			continue
		}
		if err := cleanOne(d, path, filepath.Join(dir, match[1]), match[2]); err != nil {
			return fmt.Errorf("clean %s: %w", dir, err)
		}
	}
	return nil
}

// cleanOne puts back what was whole and has no successor, and removes all else.
func cleanOne(d disk, path, final, suffix string) error {
	if _, err := os.Lstat(final); suffix == oldSuffix && errors.Is(err, fs.ErrNotExist) {
		if err := d.rename(path, final); err != nil {
			return err
		}
		return d.syncDir(filepath.Dir(final))
	}
	return d.removeAll(path)
}

// holdsOnly says whether a folder holds nothing but files of such names, perhaps unfinished ones.
func holdsOnly(dir string, isFile func(name string) bool) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		name := e.Name()
		if match := temporaryPattern.FindStringSubmatch(name); match != nil {
			name = match[1]
		}
		if !e.Type().IsRegular() || !isFile(name) {
			return false
		}
	}
	return true
}
