package safetensors

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
)

// Tensor is a named array of 32-bit floats, the last dimension fastest. No Shape at all is a single
// number. It is the type of supernet.Tensor too, which needs no name of this package.
type Tensor = struct {
	Name  string
	Shape []int
	Data  []float32
}

// File is what a safetensors file holds.
type File struct {
	// in the order of their names' bytes; the Data of those that are stored alike share one
	// allocation
	Tensors []Tensor
	Meta    map[string]string
	SHA256  string // of the file, as store.HashFile
}

// Lookup finds a tensor by its name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i, ok := slices.BinarySearchFunc(f.Tensors, name, func(t Tensor, name string) int {
		return strings.Compare(t.Name, name)
	})
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// Write writes a safetensors file as [store.WriteFile] does and returns its SHA-256. See
// [Encode].
func Write(path string, tensors []Tensor, meta map[string]string) (sha256hex string,
	err error) {
	return writeHashed(path, func(w io.Writer) error { return Encode(w, tensors, meta) })
}

// writeHashed writes a file and gives the SHA-256 of what was written.
func writeHashed(path string, write func(io.Writer) error) (sha256hex string, err error) {
	h := sha256.New()
	err = store.WriteFile(path, func(w io.Writer) error { return write(io.MultiWriter(w, h)) })
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Read reads a safetensors file, with or without compact tensors. A file that breaks the
// format's rules, or those of compact tensors, is [ErrFormat], one with other than 32-bit floats
// [ErrDtype].
func Read(path string) (*File, error) {
	f, size, err := store.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tensors, err := Decode(f, size)
	if errors.Is(err, ErrFormat) {
		return nil, fmt.Errorf(
			"cannot read %s: %w: check the path, copy the file again or make it again", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return tensors, nil
}

// elementCount is the number of elements of a shape; ok is false if it has a negative dimension or its
// bytes do not fit an int. A product that overflows before it meets a zero is refused too, as the
// reference implementation does.
func elementCount(shape []int) (n int, ok bool) {
	product := uint64(1)
	for _, dim := range shape {
		high, low := bits.Mul64(product, uint64(dim))
		if dim < 0 || high != 0 || low > math.MaxInt/4 {
			return 0, false
		}
		product = low
	}
	return int(product), true
}
