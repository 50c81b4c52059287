package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

func wantStale(t *testing.T, err error, want store.StaleError, message string) {
	t.Helper()
	var stale *store.StaleError
	if !errors.As(err, &stale) || *stale != want || !strings.Contains(err.Error(), message) {
		t.Errorf("error %v (%+v), want %+v: %s", err, stale, want, message)
	}
}

func TestReadDocumentMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.json")
	wantError(t, store.ReadDocument(path, "profile", 1, new(profile)), fs.ErrNotExist, path,
		"check the path")
	_, _, err := store.Kind(path)
	wantError(t, err, fs.ErrNotExist, path)
}

func TestReadDocumentOtherKind(t *testing.T) {
	path, _, _ := written(t)
	for kind, message := range map[string]string{
		"manifest": "is a tailor profile, expected a manifest",
		"accuracy": "is a tailor profile, expected an accuracy",
	} {
		err := store.ReadDocument(path, kind, 1, new(profile))
		var wrong *store.KindError
		if !errors.As(err, &wrong) || *wrong != (store.KindError{File: path, Kind: "profile",
			Want: kind}) {
			t.Errorf("error is %+v", wrong)
		}
		wantError(t, err, nil, path, message)
	}
}

func TestReadDocumentOtherVersion(t *testing.T) {
	path, _, doc := written(t)
	for version, message := range map[int]string{
		1: "was written by an older tailor (profile/1), this one reads profile/2: make it again",
		3: "was written by a newer tailor (profile/3), this one reads profile/2: upgrade",
	} {
		if err := store.WriteDocument(path, "profile", version, &doc); err != nil {
			t.Fatal(err)
		}
		err := store.ReadDocument(path, "profile", 2, new(profile))
		var wrong *store.VersionError
		if !errors.As(err, &wrong) || wrong.Version != version {
			t.Errorf("error is %+v", wrong)
		}
		wantError(t, err, nil, path, message)
	}
}

func TestReadDocumentNotJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	tests := map[string]struct{ line, column int }{
		"":                          {1, 1},
		"hello":                     {1, 1},
		"\x89PNG\r\n":               {1, 1},
		"{\n  \"ü\": 1,\n  'b': 2}": {3, 3},
		"{\"ü\": nul}":              {1, 10},
		"{\n\"a\": 1\n}\n}":         {4, 1},
		"{\n\"a\": [":               {2, 6},
	}
	for content, want := range tests {
		put(t, path, content)
		err := store.ReadDocument(path, "profile", 1, new(profile))
		var syntax *store.SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != want.line || syntax.Column != want.column ||
			syntax.File != path {
			t.Errorf("%q: %v, want line %d, column %d", content, err, want.line, want.column)
			continue
		}
		wantError(t, err, nil, path, "is not JSON", "line ", "column ")
	}
}

func TestReadDocumentNotTailor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	for _, content := range []string{
		`null`, `[]`, `"tailor"`, `{}`, `{"tailor": 1}`, `{"tailor": "profile"}`,
		`{"tailor": "profile/0"}`,
		`{"tailor": "profile/1234567"}`, `{"tailor": "a\u000ab/1"}`, `{"TAILOR": "profile/1"}`,
		`{"x": 1, "tailor": "profile/1"}`,
	} {
		put(t, path, content)
		wantError(t, store.ReadDocument(path, "profile", 1, new(profile)), store.ErrNotDocument,
			path, "tailor")
		_, _, err := store.Kind(path)
		wantError(t, err, store.ErrNotDocument, path)
	}
}

// A formatter that moves white space keeps the meaning and breaks the promise of the checksum all
// the same.
func TestReadDocumentReformatted(t *testing.T) {
	path, data, _ := written(t)
	for _, content := range []string{
		strings.ReplaceAll(string(data), "  ", ""),
		strings.Replace(string(data), "0.1", "0.2", 1),
		`{"tailor": "profile/1"}`,
	} {
		put(t, path, content)
		err := store.ReadDocument(path, "profile", 1, new(profile))
		wantError(t, err, store.ErrChecksum, path, "was changed or damaged after it was written")
		if kind, _, err := store.Kind(path); kind != "profile" {
			t.Errorf("Kind = %q, %v", kind, err)
		}
	}
}

// A checksum that fits makes no JSON of what is none, and nothing may follow the document.
func TestReadDocumentSealedNoJSON(t *testing.T) {
	path, data, _ := written(t)
	for _, content := range []string{
		strings.Replace(string(data), "0.1", "0.x", 1), string(data[:len(data)-2]),
		string(data) + "{}", string(data) + "x", string(data) + "\v",
	} {
		put(t, path, sealAgain(content))
		err := store.ReadDocument(path, "profile", 1, new(profile))
		var syntax *store.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v, want a *SyntaxError", content, err)
		}
	}
	put(t, path, sealAgain(string(data)+" \n\t"))
	if err := store.ReadDocument(path, "profile", 1, new(profile)); err != nil {
		t.Errorf("white space behind a document: %v", err)
	}
}

// sealAgain gives a document that was changed its checksum.
func sealAgain(content string) string {
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(content)
	blank := strings.Replace(content, hash, strings.Repeat("0", len(hash)), 1)
	sum := sha256.Sum256([]byte(blank))
	return strings.Replace(content, hash, hex.EncodeToString(sum[:]), 1)
}

// What editors do to a text is said.
func TestReadDocumentEdited(t *testing.T) {
	path, data, _ := written(t)
	for want, content := range map[string]string{
		"has other line ends than tailor writes": strings.ReplaceAll(string(data), "\n", "\r\n"),
		"starts with a byte order mark":          "\xef\xbb\xbf" + string(data),
	} {
		put(t, path, content)
		wantError(t, store.ReadDocument(path, "profile", 1, new(profile)), store.ErrChecksum, path,
			want)
	}
}

func TestReadDocumentFields(t *testing.T) {
	path, _, _ := written(t)
	type other struct {
		store.Header
		Device int `json:"device"`
	}
	type smaller struct {
		store.Header
		Device string `json:"device"`
	}
	wantError(t, store.ReadDocument(path, "profile", 1, new(other)), store.ErrFields, path,
		"device")
	wantError(t, store.ReadDocument(path, "profile", 1, new(smaller)), store.ErrFields, path,
		`"ms"`)
}

func TestReadDocumentTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	put(t, path, "{")
	if err := os.Truncate(path, 256<<20+1); err != nil { // a hole: takes no room
		t.Fatal(err)
	}
	wantError(t, store.ReadDocument(path, "profile", 1, new(profile)), store.ErrTooLarge, path)
	_, _, err := store.Kind(path)
	wantError(t, err, store.ErrNotDocument, path)
}

func TestReadDocumentFolder(t *testing.T) {
	dir := t.TempDir()
	wantError(t, store.ReadDocument(dir, "profile", 1, new(profile)), store.ErrNotRegular, dir)
}
