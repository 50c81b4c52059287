package store

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
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
	good, _, err := encodeDocument("note", 1, &note{Text: "a", Lists: [][]float64{{1, 2}}, Next: &note{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"tailor": "note/1"}`))
	f.Add([]byte("{\n  \"tailor\": \"note/1\",\n  \"sha256\": \"" + zeroHash + `", "TEXT": null, "text": "b", "sha256": "x"}`))
	f.Add([]byte(strings.Repeat("[", 20000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := decodeDocument("x", data, "note", 1, new(note)); err != nil && strings.Contains(err.Error(), "\n") {
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

func FuzzDecodeTensors(f *testing.F) {
	for _, name := range []string{"reference", "reference_f16"} {
		data, err := os.ReadFile("testdata/" + name + ".safetensors")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\x3e\x00\x00\x00\x00\x00\x00\x00" + `{"a":{"dtype":"F32","shape":[2,0,9],"data_offsets":[0,0]},"b":5}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := DecodeTensors(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
			return
		}
		var buf bytes.Buffer
		if err := EncodeTensors(&buf, first.Tensors, first.Meta); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := DecodeTensors(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		var again bytes.Buffer
		if err := EncodeTensors(&again, second.Tensors, second.Meta); err != nil || !bytes.Equal(again.Bytes(), buf.Bytes()) {
			t.Errorf("second encoding differs from the first (%v)", err)
		}
		for i, a := range first.Tensors {
			if b := second.Tensors[i]; a.Name != b.Name || !reflect.DeepEqual(a.Shape, b.Shape) {
				t.Errorf("tensor %q %v became %q %v", a.Name, a.Shape, b.Name, b.Shape)
			}
		}
	})
}
