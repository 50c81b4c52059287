package store

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// note is a document with every sort of JSON value.
type note struct {
	Header
	Text  string         `json:"text"`
	Flag  bool           `json:"flag,omitempty"`
	Lists [][]float64    `json:"lists,omitempty"`
	More  map[string]int `json:"more,omitempty"`
	Next  *note          `json:"next,omitempty"`
}

func FuzzReadDocument(f *testing.F) {
	good, _, err := encodeDocument("note", 1, &note{Text: "a", Lists: [][]float64{{1, 2}},
		Next: &note{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"tailor": "note/1"}`))
	f.Add([]byte("{\n  \"tailor\": \"note/1\",\n  \"sha256\": \"" + zeroHash +
		`", "TEXT": null, "text": "b", "sha256": "x"}`))
	f.Add([]byte(strings.Repeat("[", 20000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := decodeDocument("x", data, "note", 1, new(note)); err != nil &&
			strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %q", err)
		}
		// No fuzzer guesses a checksum: put the right one in, to reach what lies behind it.
		before, digits, after, ok := splitAtHash(data, "note/1")
		if !ok {
			return
		}
		copy(digits, documentHash(before, after))
		var first, second note
		if err := decodeDocument("x", data, "note", 1, &first); err != nil {
			return
		}
		if first.Tailor != "note/1" || first.SHA256 != string(digits) {
			t.Errorf("header %+v is not the verified one", first.Header)
		}
		again, _, err := encodeDocument("note", 1, &first)
		if err != nil {
			return // inputs without a hash are read, for Check to refuse, and not written
		}
		if err := decodeDocument("x", again, "note", 1, &second); err != nil {
			t.Fatalf("what was written from %q cannot be read: %v", data, err)
		}
		first.SHA256, second.SHA256 = "", ""
		a, _ := json.Marshal(first)
		b, _ := json.Marshal(second)
		if !bytes.Equal(a, b) {
			t.Errorf("%s became %s", a, b)
		}
	})
}
