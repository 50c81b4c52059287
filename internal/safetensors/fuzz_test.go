package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

func FuzzDecode(f *testing.F) {
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
		first, err := Decode(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
			return
		}
		var buf bytes.Buffer
		if err := Encode(&buf, first.Tensors, first.Meta); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := Decode(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		var again bytes.Buffer
		if err := Encode(&again, second.Tensors, second.Meta); err != nil ||
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
		file := &File{Tensors: []Tensor{{Name: "a", Shape: []int{len(values)}, Data: values}}}
		var dense bytes.Buffer
		if err := Encode(&dense, file.Tensors, nil); err != nil {
			t.Fatal(err)
		}
		if n := checkCompact(t, file); n > dense.Len() {
			t.Errorf("%d bytes, dense %d", n, dense.Len())
		}
	})
}

// checkCompact writes tensors compactly, reads the same back, writes the same bytes again, and
// gives their number.
func checkCompact(t *testing.T, file *File) int {
	t.Helper()
	var buf, again bytes.Buffer
	if err := EncodeCompact(&buf, file.Tensors, file.Meta); err != nil {
		t.Fatalf("cannot be written compactly: %v", err)
	}
	read, err := Decode(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatalf("what was written compactly cannot be read: %v", err)
	}
	sameTensors(t, file.Tensors, read.Tensors)
	if err := EncodeCompact(&again, read.Tensors, read.Meta); err != nil ||
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
