package safetensors_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
)

// sameBits compares floats as the disk does, NaN and the sign of zero included.
func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b,
		func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func encoded(t *testing.T, tensors []safetensors.Tensor, meta map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := safetensors.Encode(&buf, tensors, meta); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func decode(data []byte) (*safetensors.File, error) {
	return safetensors.Decode(bytes.NewReader(data), int64(len(data)))
}

func TestTensorsRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	big := make([]float32, 3*65536/4+17) // more than one buffer, and not a whole number of them
	for i := range big {
		big[i] = math.Float32frombits(rng.Uint32())
	}
	tensors := []safetensors.Tensor{
		{Name: "z", Shape: []int{len(big)}, Data: big},
		{Name: "", Shape: []int{}, Data: []float32{7}},
		{Name: "a", Shape: []int{3, 0}, Data: nil},
		{Name: "m\n", Shape: []int{2, 1, 2}, Data: []float32{1, 2, 3, 4}},
	}
	meta := map[string]string{"space": "mbv3-tiny", "<k>": "\u2028\x00"}
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	sha, err := safetensors.Write(path, tensors, meta)
	if err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "w.safetensors")
	got, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if hash, err := store.HashFile(path); hash != sha || got.SHA256 != sha || err != nil {
		t.Errorf("hashes: written %s, read %s, of the file %s (%v)", sha, got.SHA256, hash, err)
	}
	if len(got.Meta) != 2 || got.Meta["space"] != "mbv3-tiny" || got.Meta["<k>"] != "\u2028\x00" {
		t.Errorf("metadata is %q", got.Meta)
	}
	for i, name := range []string{"", "a", "m\n", "z"} {
		if got.Tensors[i].Name != name {
			t.Errorf("tensor %d is %q, want %q", i, got.Tensors[i].Name, name)
		}
	}
	for _, want := range tensors {
		tensor, ok := got.Lookup(want.Name)
		if !ok || !slices.Equal(tensor.Shape, want.Shape) || !sameBits(tensor.Data, want.Data) {
			t.Errorf("tensor %q came back with shape %v (%v)", want.Name, tensor.Shape, ok)
		}
	}
	if _, ok := got.Lookup("none"); ok {
		t.Error("found a tensor that is not there")
	}
}

func TestTensorsAreDeterministic(t *testing.T) {
	a := safetensors.Tensor{Name: "a", Shape: []int{1}, Data: []float32{1}}
	b := safetensors.Tensor{Name: "b", Shape: []int{2}, Data: []float32{2, 3}}
	want := encoded(t, []safetensors.Tensor{a, b}, map[string]string{"x": "1", "y": "2", "z": "3"})
	for range 20 { // map order varies
		got := encoded(t, []safetensors.Tensor{b, a}, map[string]string{"z": "3", "y": "2", "x": "1"})
		if !bytes.Equal(got, want) {
			t.Fatalf("%q, then %q", want, got)
		}
	}
	if n := 8 + int(want[0]) + 256*int(want[1]); n%8 != 0 || n+12 != len(want) {
		t.Errorf("data begins at byte %d of %d", n, len(want))
	}
}

func TestTensorsShareNoCapacity(t *testing.T) {
	file, err := decode(encoded(t, []safetensors.Tensor{
		{Name: "a", Shape: []int{1}, Data: []float32{1}},
		{Name: "b", Shape: []int{1}, Data: []float32{2}},
	}, nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(file.Tensors[0].Data, 99)
	if file.Tensors[1].Data[0] != 2 {
		t.Error("an append to one tensor wrote into the next")
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	tests := map[string]struct {
		tensors []safetensors.Tensor
		meta    map[string]string
		words   string
	}{
		"same name": {tensors: []safetensors.Tensor{{Name: "a", Data: one}, {Name: "a", Data: one}},
			words: `are named "a"`},
		"reserved name": {tensors: []safetensors.Tensor{{Name: "__metadata__", Data: one}},
			words: "__metadata__"},
		"name not UTF-8": {tensors: []safetensors.Tensor{{Name: "\xff", Data: one}}, words: `"\xff"`},
		"short data": {tensors: []safetensors.Tensor{{Name: "a", Shape: []int{2, 3}, Data: one}},
			words: "[2 3] but 1 elements"},
		"negative": {tensors: []safetensors.Tensor{{Name: "a", Shape: []int{-1, -1}, Data: one}},
			words: "[-1 -1]"},
		"overflow": {tensors: []safetensors.Tensor{{Name: "a", Shape: []int{math.MaxInt,
			math.MaxInt}}}, words: "but 0 elements"},
		"dimensions": {tensors: []safetensors.Tensor{{Name: "a", Shape: slices.Repeat([]int{1}, 65),
			Data: one}}, words: "65 dimensions"},
		"meta not UTF-8":  {meta: map[string]string{"k": "\xff"}, words: `"k"`},
		"meta key broken": {meta: map[string]string{"\xff": ""}, words: `"\xff"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := safetensors.Write(filepath.Join(dir, "w"), tt.tensors, tt.meta)
			wantError(t, err, nil, tt.words)
			wantNames(t, dir)
		})
	}
}

// failing takes n bytes and no more.
type failing struct{ n int }

var errFull = errors.New("full")

func (w *failing) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestEncodeReportsWriter(t *testing.T) {
	tensors := []safetensors.Tensor{{Name: "a", Shape: []int{40000}, Data: make([]float32, 40000)}}
	size := len(encoded(t, tensors, nil))
	for _, n := range []int{0, 50, 100, 70000, size - 1} {
		wantError(t, safetensors.Encode(&failing{n}, tensors, nil), errFull)
	}
	if err := safetensors.Encode(&failing{size}, tensors, nil); err != nil {
		t.Error(err)
	}
}

func BenchmarkTensors(b *testing.B) {
	tensors := []safetensors.Tensor{{Name: "a", Shape: []int{4 << 20},
		Data: make([]float32, 4<<20)}}
	path := filepath.Join(b.TempDir(), "w")
	b.Run("write", func(b *testing.B) {
		b.SetBytes(16 << 20)
		for b.Loop() {
			if _, err := safetensors.Write(path, tensors, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(16 << 20)
		for b.Loop() {
			if _, err := safetensors.Read(path); err != nil {
				b.Fatal(err)
			}
		}
	})
}
