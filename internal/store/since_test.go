package store_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

func TestReadDocumentSince(t *testing.T) {
	for version, ok := range map[int]bool{1: false, 2: true, 3: true, 4: true, 5: false} {
		path := filepath.Join(t.TempDir(), "x.json")
		if err := store.WriteDocument(path, "profile", version, &profile{Device: "d"}); err != nil {
			t.Fatal(err)
		}
		var got profile
		err := store.ReadDocumentSince(path, "profile", 2, 4, &got)
		var other *store.VersionError
		if ok && (err != nil || got.Device != "d") || !ok && (!errors.As(err, &other) ||
			other.Reads != 4) {
			t.Errorf("version %d: %+v, error %v", version, got, err)
		}
		var kind *store.KindError
		if err := store.ReadDocumentSince(path, "manifest", 2, 4, &got); !errors.As(err, &kind) {
			t.Errorf("another kind: error %v", err)
		}
	}
}
