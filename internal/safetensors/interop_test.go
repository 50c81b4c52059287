package safetensors_test

import (
	"bytes"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
)

// The reference implementation made the files; testdata/make_reference.py says how.
func TestReference(t *testing.T) {
	const path = "testdata/reference.safetensors"
	file, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	stem := make([]float32, 24)
	for i := range stem {
		stem[i] = float32(i) / 8
	}
	specials := []float32{
		0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)),
		math.Float32frombits(0x7fc00001), math.SmallestNonzeroFloat32, math.MaxFloat32, 1,
	}
	want := []safetensors.Tensor{
		{Name: "empty", Shape: []int{0, 5}},
		{Name: "head.bias", Shape: []int{2}, Data: []float32{-1.5, 0.25}},
		{Name: "scale", Shape: []int{}, Data: []float32{3}},
		{Name: "stem.weight", Shape: []int{2, 3, 4}, Data: stem},
		{Name: `été "<&>\`, Shape: []int{8}, Data: specials},
	}
	if len(file.Tensors) != len(want) {
		t.Fatalf("%d tensors, want %d", len(file.Tensors), len(want))
	}
	for i, w := range want {
		got := file.Tensors[i]
		if got.Name != w.Name || !slices.Equal(got.Shape, w.Shape) || !sameBits(got.Data, w.Data) {
			t.Errorf("tensor %d is %+v, want %+v", i, got, w)
		}
	}
	if len(file.Meta) != 1 || file.Meta["space"] != "mbv3-tiny <α>" {
		t.Errorf("metadata is %q", file.Meta)
	}

	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(want)
	if ours := encoded(t, want, file.Meta); !bytes.Equal(ours, original) {
		t.Errorf("written again it is\n%q, the reference wrote\n%q", ours, original)
	}
}

func TestReferenceHalf(t *testing.T) {
	_, err := safetensors.Read("testdata/reference_f16.safetensors")
	wantError(t, err, safetensors.ErrDtype, "reference_f16.safetensors", `"half"`, `"F16"`,
		"convert it to F32")
}

// TestReferenceCompact: numpy made the file from the words of docs/formats.md, and the reference
// implementation wrote it.
func TestReferenceCompact(t *testing.T) {
	const path = "testdata/reference_compact.safetensors"
	file, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	half, tenth := make([]float32, 600), make([]float32, 1200)
	for i := range 300 {
		half[2*i+1] = float32(i) - 150.5
	}
	minusZero := float32(math.Copysign(0, -1))
	half[5] = minusZero
	for i, at := range []int{0, 3, 259, 515, 771, 1027} {
		tenth[at] = []float32{1, 2, minusZero, 4, float32(math.Inf(1)), 6}[i]
	}
	want := []safetensors.Tensor{
		{Name: "bias", Shape: []int{3}, Data: []float32{1, 0, 2}},
		{Name: "half", Shape: []int{30, 20}, Data: half},
		{Name: "none", Shape: []int{600}, Data: make([]float32, 600)},
		{Name: "tenth", Shape: []int{2, 3, 200}, Data: tenth},
	}
	wantSame(t, file.Tensors, want)
	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if ours := encodedCompact(t, want, file.Meta); !bytes.Equal(ours, original) {
		t.Errorf("written again it is\n%q, the reference wrote\n%q", ours, original)
	}
}
