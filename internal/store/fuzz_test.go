package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"slices"
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

func FuzzDecodeTensors(f *testing.F) {
	for _, name := range []string{"reference", "reference_f16", "reference_compact"} {
		data, err := os.ReadFile("testdata/" + name + ".safetensors")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\x3e\x00\x00\x00\x00\x00\x00\x00" +
		`{"a":{"dtype":"F32","shape":[2,0,9],"data_offsets":[0,0]},"b":5}`))
	f.Add([]byte("\xb8\x00\x00\x00\x00\x00\x00\x00" +
		`{"__metadata__":{"tailor.compact":"{\"a\":[3,100]}"},` +
		`"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a:gaps":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}         ` + "\x00\x00\x80\x3f\xff\x09"))
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
		if err := EncodeTensors(&again, second.Tensors, second.Meta); err != nil ||
			!bytes.Equal(again.Bytes(), buf.Bytes()) {
			t.Errorf("second encoding differs from the first (%v)", err)
		}
		sameTensors(t, first.Tensors, second.Tensors)
		checkCompact(t, first)
	})
}

// FuzzCompact: a tensor of any bytes comes back bit for bit.
func FuzzCompact(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x00\x80\x01\x00\xc0\x7f"), 70)
	f.Add([]byte("\x00\x00\x00\x00\x01\x00\x00\x00"), 255)
	f.Add(bytes.Repeat([]byte("\x00\x00\x80\x3f"), 300), 10)
	f.Fuzz(func(t *testing.T, data []byte, zeros int) {
		if zeros < 0 || zeros > 600 || len(data) > 2000 {
			return
		}
		var values []float32 // a run of zeros before each, so that files are compact
		for ; len(data) >= 4; data = data[4:] {
			values = append(values, make([]float32, zeros)...)
			values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(data)))
		}
		file := &TensorFile{Tensors: []Tensor{{Name: "a", Shape: []int{len(values)}, Data: values}}}
		var dense bytes.Buffer
		if err := EncodeTensors(&dense, file.Tensors, nil); err != nil {
			t.Fatal(err)
		}
		if n := checkCompact(t, file); n > dense.Len() {
			t.Errorf("%d bytes, dense %d", n, dense.Len())
		}
	})
}

// checkCompact writes tensors compactly, reads the same back, writes the same bytes again, and
// gives their number.
func checkCompact(t *testing.T, file *TensorFile) int {
	t.Helper()
	var buf, again bytes.Buffer
	if err := EncodeTensorsCompact(&buf, file.Tensors, file.Meta); err != nil {
		t.Fatalf("cannot be written compactly: %v", err)
	}
	read, err := DecodeTensors(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatalf("what was written compactly cannot be read: %v", err)
	}
	sameTensors(t, file.Tensors, read.Tensors)
	if err := EncodeTensorsCompact(&again, read.Tensors, read.Meta); err != nil ||
		!bytes.Equal(again.Bytes(), buf.Bytes()) {
		t.Errorf("second compact encoding differs from the first (%v)", err)
	}
	return buf.Len()
}

func sameTensors(t *testing.T, a, b []Tensor) {
	t.Helper()
	same := func(a, b Tensor) bool {
		return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) &&
			slices.EqualFunc(a.Data, b.Data, func(x, y float32) bool {
				return math.Float32bits(x) == math.Float32bits(y)
			})
	}
	if !slices.EqualFunc(a, b, same) {
		t.Errorf("%d tensors came back as %d others", len(a), len(b))
	}
}
