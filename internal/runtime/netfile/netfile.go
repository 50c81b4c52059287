// Package netfile writes a network as one file, for tailor's own engine elsewhere: safetensors,
// with the blocks in its metadata.
package netfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/supernet"
)

// Format is what the files are called where others are "onnx" and "tflite".
const Format = "tailor"

// Keys of the metadata.
const (
	blocksKey = "tailor.blocks"
	epsKey    = "tailor.bn_eps"
)

// ErrFormat is for what is no such file.
var ErrFormat = errors.New("netfile: not a network of tailor")

// Marshal writes a network. How many images run together is not in the file.
func Marshal(net *supernet.Subnet, _ export.Meta) ([]byte, error) {
	plain := slices.Clone(net.Blocks)
	for i := range plain {
		plain[i].Zeros, plain[i].Run = 0, 0 // the weights have them, and the engine looks there
	}
	blocks, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("netfile: %w", err)
	}
	var file bytes.Buffer
	err = safetensors.Encode(&file, net.Tensors(), map[string]string{blocksKey: string(blocks),
		epsKey: strconv.FormatFloat(net.BNEps, 'g', -1, 64)})
	if err != nil {
		return nil, fmt.Errorf("netfile: %w", err)
	}
	return file.Bytes(), nil
}

// Unmarshal reads a network, of which it believes nothing that it has not checked.
func Unmarshal(file []byte) (*supernet.Subnet, error) {
	f, err := safetensors.Decode(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	var blocks []supernet.Block
	if err := json.Unmarshal([]byte(f.Meta[blocksKey]), &blocks); err != nil {
		return nil, fmt.Errorf("%w: its blocks: %w", ErrFormat, err)
	}
	eps, err := strconv.ParseFloat(f.Meta[epsKey], 64)
	if err != nil {
		return nil, fmt.Errorf("%w: its %s is %q", ErrFormat, epsKey, f.Meta[epsKey])
	}
	net, err := supernet.LoadSubnet(blocks, eps, f.Tensors)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return net, nil
}
