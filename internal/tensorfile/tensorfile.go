// Package tensorfile reads the weights of networks from files that other programs wrote: state
// dicts of PyTorch in both of its formats, and safetensors. What a file is, its bytes say, not its
// name. All are taken as hostile.
package tensorfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/torchfile"
)

// Tensor is a float32 array with its name, the last dimension fastest.
type Tensor = safetensors.Tensor

// File is what a file holds.
type File struct {
	Format  string // "PyTorch" or "safetensors"
	SHA256  string // of the file
	Tensors []Tensor
	// Skipped says of what else the file has, a line each, why it is not among Tensors.
	Skipped []string
	// Whole are the first tensors of whole numbers among these, a line each, but for the counters
	// of batch norm: parts of a network that was quantised, perhaps.
	Whole []string
	// Taken is the key of a checkpoint under which the tensors were, and Beside are those of other
	// tensors: empty where there are no others.
	Taken  string
	Beside []string
}

// ErrFormat is wrapped by errors about files that are neither.
var ErrFormat = errors.New("neither a file of torch.save nor a safetensors file")

// wrappers are what programs that train on several machines, or compile a network, put before all
// names. They are taken off.
var wrappers = []string{"module.", "_orig_mod."}

// Read reads the tensors of a file. It ends early when ctx does.
func Read(ctx context.Context, path string) (*File, error) {
	data, err := store.ReadAll(ctx, path, torchfile.MaxFile)
	if err != nil {
		return nil, err
	}
	f, err := parse(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, store.WithContext(ctx, bytes.NewReader(data))); err != nil {
		return nil, fmt.Errorf("hash %s: %w", path, err)
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

// parse reads the tensors of a file's bytes.
func parse(ctx context.Context, data []byte) (*File, error) {
	f := &File{}
	switch {
	case torchfile.Is(data):
		t, err := torchfile.Read(ctx, data)
		if err != nil {
			return nil, err
		}
		*f = File{Format: "PyTorch", Tensors: t.Tensors, Skipped: t.Skipped, Whole: t.Whole,
			Taken: t.Taken, Beside: t.Beside}
	case len(data) > 8 && data[8] == '{':
		var err error
		f.Format = "safetensors"
		if f.Tensors, f.Skipped, err = readSafetensors(ctx, data); err != nil {
			return nil, err
		}
		f.Whole = slices.DeleteFunc(slices.Clone(f.Skipped), func(line string) bool {
			return strings.Contains(line, "num_batches_tracked")
		})
	default:
		return nil, ErrFormat
	}
	if len(f.Tensors) == 0 && len(f.Whole) > 0 {
		return nil, fmt.Errorf("it has no tensors of floating-point numbers: %s", f.WholeText())
	}
	if len(f.Tensors) == 0 {
		return nil, fmt.Errorf("%w: it has no tensors", ErrFormat)
	}
	f.unwrap()
	return f, nil
}

// WholeText says of a file that lacks something which tensors of whole numbers it has instead;
// empty if it has none.
func (f *File) WholeText() string {
	if len(f.Whole) == 0 {
		return ""
	}
	text := "tensor " + f.Whole[0]
	if n := len(f.Whole); n > 1 {
		text += fmt.Sprintf(", the first of %d or more", n)
	}
	return text + ": a network that was quantised cannot be read, save it with weights of float32"
}

// readSafetensors reads those of tailor, which may be compact, and any other's.
func readSafetensors(ctx context.Context, data []byte) ([]Tensor, []string, error) {
	reader := func() io.Reader { return store.WithContext(ctx, bytes.NewReader(data)) }
	f, err := safetensors.Decode(reader(), int64(len(data)))
	if errors.Is(err, safetensors.ErrDtype) {
		return safetensors.DecodeAny(reader(), int64(len(data)))
	}
	if err != nil {
		return nil, nil, err
	}
	return f.Tensors, nil, nil
}

// unwrap takes off what all names begin with.
func (f *File) unwrap() {
	for _, w := range wrappers {
		if f.all(w) {
			for i := range f.Tensors {
				f.Tensors[i].Name = f.Tensors[i].Name[len(w):]
			}
		}
	}
}

func (f *File) all(prefix string) bool {
	for _, t := range f.Tensors {
		if !strings.HasPrefix(t.Name, prefix) {
			return false
		}
	}
	return true
}
