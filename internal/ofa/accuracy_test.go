package ofa

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/torchfile"
)

func tensor(name string, shape ...int) torchfile.Tensor {
	n := 1
	for _, s := range shape {
		n *= s
	}
	t := torchfile.Tensor{Name: name, Shape: shape, Data: make([]float32, n)}
	for i := range t.Data {
		t.Data[i] = float32(i + 1)
	}
	return t
}

func TestLayers(t *testing.T) {
	n, base, err := layers([]torchfile.Tensor{tensor("0.weight", 3, 2), tensor("0.bias", 3),
		tensor("2.weight", 1, 3), tensor("2.bias", 1)})
	if err != nil || base != 0 || !slices.Equal(n.Sizes, []int{2, 3, 1}) {
		t.Fatalf("sizes %v, base %v: %v", n.Sizes, base, err)
	}
	// Row by row (in,out), then the bias.
	if want := []float32{1, 3, 5, 2, 4, 6, 1, 2, 3, 1, 2, 3, 1}; !slices.Equal(n.Weights, want) {
		t.Errorf("weights %v, want %v", n.Weights, want)
	}
	n, base, err = layers([]torchfile.Tensor{tensor("base_acc", 1), tensor("layers.0.weight", 1,
		2)})
	if want := []float32{1, 2, 0}; err != nil || base != 1 || !slices.Equal(n.Weights, want) {
		t.Errorf("weights %v and base %v without a last bias: %v", n.Weights, base, err)
	}
}

func TestLayersRefuse(t *testing.T) {
	for want, tensors := range map[string][]torchfile.Tensor{
		"expected the last to be 1": {tensor("0.weight", 3, 2), tensor("0.bias", 3)},
		`"2.weight" of shape [1 4]`: {tensor("0.weight", 3, 2), tensor("0.bias", 3),
			tensor("2.weight", 1, 4)},
		`"2.weight" of shape [1 3]`:        {tensor("0.weight", 3, 2), tensor("2.weight", 1, 3)},
		`"0.bias" of shape [4]`:            {tensor("0.weight", 3, 2), tensor("0.bias", 4)},
		`"0.bias" of shape [1]`:            {tensor("0.bias", 1)},
		`"conv.weight" of shape [3 3 1 1]`: {tensor("conv.weight", 3, 3, 1, 1)},
		"sizes []":                         {},
	} {
		if _, _, err := layers(tensors); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestReadAccuracyRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pth")
	if err := os.WriteFile(path, []byte("no pickle"), 0o600); err != nil {
		t.Fatal(err)
	}
	var format *torchfile.FormatError
	if _, _, err := ReadAccuracy(path); !errors.As(err, &format) || !strings.Contains(err.Error(),
		path) {
		t.Errorf("%v, want a FormatError that names the file", err)
	}
	if _, _, err := ReadAccuracy(dir); !errors.Is(err, ErrPredictor) {
		t.Errorf("a folder: %v", err)
	}
	if _, _, err := ReadAccuracy(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
