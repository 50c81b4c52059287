package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

func TestReadAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	want := bytes.Repeat([]byte("0123456789"), 300_000) // more than is read at once
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := store.ReadAll(t.Context(), path, 3_000_000); err != nil ||
		!bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := store.ReadAll(t.Context(), path, 2_999_999); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.ReadAll(ctx, path, 1<<30); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// A reader ends with its context, also in the middle.
func TestWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := store.WithContext(ctx, bytes.NewReader(make([]byte, 8)))
	if n, err := io.ReadFull(r, make([]byte, 4)); n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	cancel()
	if n, err := io.ReadFull(r, make([]byte, 4)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", n, err)
	}
}
