package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

var runHash = strings.Repeat("ab", 32)

// written is a document on disk and its bytes.
func written(t *testing.T) (path string, data []byte, doc profile) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pi4.json")
	doc = profile{Device: "Pi 4 <R&D>", MS: map[string]float64{"b": 0.1, "a": 1e-9}}
	doc.Inputs = map[string]store.Input{"run": {Path: "runs/1", SHA256: runHash}}
	if err := store.WriteDocument(path, "profile", 1, &doc); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, data, doc
}

func TestDocumentRoundTrip(t *testing.T) {
	path, data, doc := written(t)
	var got profile
	if err := store.ReadDocument(path, "profile", 1, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, doc) {
		t.Errorf("read %+v, wrote %+v", got, doc)
	}
	if kind, version, err := store.Kind(path); kind != "profile" || version != 1 || err != nil {
		t.Errorf("Kind = %q, %d, %v", kind, version, err)
	}
	if err := store.WriteDocument(path, "profile", 1, &got); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, string(data))
}

// The layout is a promise to people and to other programs.
func TestDocumentBytes(t *testing.T) {
	_, data, doc := written(t)
	want := `{
  "tailor": "profile/1",
  "sha256": "` + doc.SHA256 + `",
  "inputs": {
    "run": {
      "path": "runs/1",
      "sha256": "` + runHash + `"
    }
  },
  "device": "Pi 4 <R&D>",
  "ms": {
    "a": 1e-9,
    "b": 0.1
  }
}
`
	if string(data) != want {
		t.Errorf("document is %s, want %s", data, want)
	}
	blank := regexp.MustCompile(`"sha256": "[0-9a-f]{64}"`).ReplaceAll(data[:120],
		[]byte(`"sha256": "`+strings.Repeat("0", 64)+`"`))
	sum := sha256.Sum256(append(blank, data[120:]...))
	if got := hex.EncodeToString(sum[:]); got != doc.SHA256 {
		t.Errorf("checksum is %s, by hand %s", doc.SHA256, got)
	}
}

func TestDocumentDetectsEveryFlip(t *testing.T) {
	path, data, _ := written(t)
	for i := range data {
		for _, mask := range []byte{0x01, 0x20, 0x80} { // 0x20 changes the case of a letter
			changed := bytes.Clone(data)
			changed[i] ^= mask
			put(t, path, string(changed))
			if err := store.ReadDocument(path, "profile", 1, new(profile)); err == nil {
				t.Fatalf("byte %d changed from %q to %q, unnoticed", i, data[i], changed[i])
			} else if strings.Contains(err.Error(), "\n") {
				t.Fatalf("byte %d: more than one line: %q", i, err)
			}
		}
	}
}

func TestDocumentDetectsEveryTruncation(t *testing.T) {
	path, data, _ := written(t)
	for n := range data {
		put(t, path, string(data[:n]))
		if err := store.ReadDocument(path, "profile", 1, new(profile)); err == nil {
			t.Fatalf("the first %d of %d bytes pass for a document", n, len(data))
		}
	}
	put(t, path, string(data)+"\n")
	wantError(t, store.ReadDocument(path, "profile", 1, new(profile)), store.ErrChecksum)
}

func TestWriteDocumentRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.json")
	type late struct {
		Device string `json:"device"`
		store.Header
	}
	badInput := &profile{Header: store.Header{Inputs: map[string]store.Input{"run": {SHA256: "abc"}}}}
	tests := map[string]struct {
		kind    string
		version int
		doc     store.Document
		words   string
	}{
		"kind in capitals": {"Profile", 1, &profile{}, "Profile/1"},
		"no kind":          {"", 1, &profile{}, "/1"},
		"no version":       {"profile", 0, &profile{}, "profile/0"},
		"header not first": {"profile", 1, &late{}, "first field"},
		"not a number": {"profile", 1, &profile{MS: map[string]float64{"a": math.NaN()}},
			"NaN"},
		"input not a hash": {"profile", 1, badInput, `input "run"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wantError(t, store.WriteDocument(path, tt.kind, tt.version, tt.doc), nil, path,
				tt.words)
			wantNames(t, dir)
		})
	}
	doc := profile{Header: store.Header{Tailor: "profile/7", SHA256: "before"}}
	wantError(t, store.WriteDocument(filepath.Join(dir, "none", "x"), "profile", 1, &doc),
		fs.ErrNotExist)
	if doc.Tailor != "profile/7" || doc.SHA256 != "before" {
		t.Errorf("a failed write changed the header to %+v", doc.Header)
	}
}

func TestCheck(t *testing.T) {
	_, _, doc := written(t)
	if err := doc.Check("pi4.json", "run", runHash); err != nil {
		t.Error(err)
	}
	other := strings.Repeat("cd", 32)
	wantStale(t, doc.Check("pi4.json", "run", other),
		store.StaleError{File: "pi4.json", Role: "run", Want: runHash, Got: other},
		"pi4.json was made from another run (abababababab, not cdcdcdcdcdcd) and must be made again")
	wantStale(t, doc.Check("pi4.json", "data", other),
		store.StaleError{File: "pi4.json", Role: "data", Got: other},
		"pi4.json does not say which data it was made from and must be made again")
	wantStale(t, doc.Check("pi4.json", "data", ""), // two unknown hashes are not equal
		store.StaleError{File: "pi4.json", Role: "data"}, "does not say")
}
