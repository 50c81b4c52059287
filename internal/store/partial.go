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
)

// partialPattern is stricter than the suffix alone, so that CleanPartial leaves other programs' ".partial" files.
var partialPattern = regexp.MustCompile(`\.[0-9a-f]{16}\.partial$`)

// partialName is a new temporary name beside path: a rename is atomic only within one file system. It is random, not
// the process's id, because several containers that share a folder may all be process 1.
func partialName(path string) string {
	var random [8]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	return path + "." + hex.EncodeToString(random[:]) + ".partial"
}

// CleanPartial removes the temporary files and folders that killed writers left in dir, not below it. The caller makes
// sure that nobody is writing to dir meanwhile. A dir that does not exist is clean.
func CleanPartial(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clean %s: %w", dir, err)
	}
	for _, entry := range entries {
		if !partialPattern.MatchString(entry.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("clean %s: %w", dir, err)
		}
	}
	return nil
}
