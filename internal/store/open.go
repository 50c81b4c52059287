package store

import (
	"context"
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

// readAtOnce is how much is read of a large file before the context is looked at again.
const readAtOnce = 1 << 20

// contextReader reads from another reader until its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// WithContext gives what r gives, until ctx ends: then its error.
func WithContext(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p[:min(len(p), readAtOnce)])
}

// ReadAll reads a file that somebody names, of at most so many bytes; a larger one is an
// [ErrTooLarge]. It ends early when ctx does.
func ReadAll(ctx context.Context, path string, most int64) ([]byte, error) {
	f, size, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > most {
		return nil, fmt.Errorf("%s: %w: it has %d bytes, at most %d are read", path, ErrTooLarge,
			size, most)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(WithContext(ctx, f), data); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, nil
}
