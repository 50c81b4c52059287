package store

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// budget is what the worst file may make a reader allocate, all in all.
const budget = 512 << 20

// within fails if f allocates more than the budget.
func within(t *testing.T, name string, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > budget {
		t.Errorf("%s takes %d MB", name, n>>20)
	}
}

// sealed is a document with the right checksum.
func sealed(rest string) []byte {
	data := []byte("{\n  \"tailor\": \"note/1\",\n  \"sha256\": \"" + zeroHash + "\"," + rest + "}")
	before, digits, after, _ := splitAtHash(data, "note/1")
	copy(digits, documentHash(before, after))
	return data
}

func TestHostileDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"many objects": {sealed(`"lists":[` + strings.Repeat("[],", 600_000) + `[]]`), ErrTooLarge},
		"many values": {sealed(`"lists":[[` + strings.Repeat("1,", 4_100_000) + `1]]`),
			ErrTooLarge},
		"all allowed": {sealed(`"lists":[[` + strings.Repeat("1,", 3_900_000) + `1]` +
			strings.Repeat(",[]", 90_000) + `]`), nil},
		"deep": {sealed(`"next":` + strings.Repeat(`{"next":`, 9000) + "{}" +
			strings.Repeat("}", 9000)), nil},
		"deeper": {[]byte(strings.Repeat("[", 1_000_000)), nil},
	} {
		within(t, name, func() {
			err := decodeDocument("x", c.data, "note", 1, new(note))
			if c.want != nil && !errors.Is(err, c.want) || err != nil && len(err.Error()) > 300 {
				t.Errorf("%s: %.500v, want %v", name, err, c.want)
			}
		})
	}
}

func TestDocumentTooLargeToRead(t *testing.T) {
	doc := &note{Lists: make([][]float64, maxDocumentObjects+1)}
	for i := range doc.Lists {
		doc.Lists[i] = []float64{}
	}
	if err := WriteDocument(filepath.Join(t.TempDir(), "x"), "note", 1, doc); !errors.Is(err,
		ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}
