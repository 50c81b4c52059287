package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// OpenRegular opens a file that somebody names and tells its size. Opening a pipe could block for
// ever, so it looks first.
func OpenRegular(path string) (*os.File, int64, error) {
	info, err := Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() { // a link to a file is one: Stat follows it
		return nil, 0, fmt.Errorf("cannot read %s: %w: check the path", path, ErrNotRegular)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return f, info.Size(), nil
}

// Stat is os.Stat of a file or folder that somebody names, with the error of [OpenRegular].
func Stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read %s: %w: check the path", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return info, nil
}

// HashFile is the SHA-256 of the file's bytes, as 64 lower-case hexadecimal digits. For a document
// use its [Header.SHA256] instead.
func HashFile(path string) (string, error) {
	f, _, err := OpenRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
