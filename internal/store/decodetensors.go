package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// DecodeTensors reads a safetensors file of exactly size bytes from r. It holds no more memory than size, about, and
// leaves r at the end. Its errors are [ErrTensors], [ErrDtype], [ErrTooLarge] and those of r.
func DecodeTensors(r io.Reader, size int64) (*TensorFile, error) {
	hash := sha256.New()
	r = io.TeeReader(r, hash)
	header, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	entries, meta, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	dataBytes, err := checkLayout(entries)
	if err != nil {
		return nil, err
	}
	if err := checkSize(size, 8+int64(len(header))+dataBytes); err != nil {
		return nil, err
	}
	data := make([]float32, dataBytes/4) // no more than the file is known to hold
	if err := decodeFloats(r, data); err != nil {
		return nil, fmt.Errorf("tensor data: %w", err)
	}
	if n, _ := io.ReadFull(r, make([]byte, 1)); n != 0 {
		return nil, fmt.Errorf("%w: it grew while it was read", ErrTensors)
	}
	return &TensorFile{
		Tensors: cut(data, entries),
		Meta:    meta,
		SHA256:  hex.EncodeToString(hash.Sum(nil)),
	}, nil
}

// readHeader believes the length it finds only as far as the cap and the size of the file allow.
func readHeader(r io.Reader, size int64) ([]byte, error) {
	if size < 8 {
		return nil, fmt.Errorf("%w: truncated: has %d bytes, the length of its header takes 8",
			ErrTensors, size)
	}
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, fmt.Errorf("header length: %w", err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeaderBytes {
		return nil, fmt.Errorf("%w: its first 8 bytes promise a header of %d bytes, at most %d",
			ErrTensors, n, maxHeaderBytes)
	}
	if int64(n) > size-8 {
		return nil, checkSize(size, 8+int64(n))
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return header, nil
}

// checkSize compares a file with what its header says, the 8 bytes of length included.
func checkSize(size, promised int64) error {
	switch {
	case size < promised:
		return fmt.Errorf("%w: truncated: has %d bytes, its header promises %d", ErrTensors, size, promised)
	case size > promised:
		return fmt.Errorf("%w: has %d bytes, its header promises only %d", ErrTensors, size, promised)
	}
	return nil
}

// checkLayout sorts entries by place and makes sure that they tile the data: no overlap, no gap. It returns the length
// of the data.
func checkLayout(entries []entry) (int64, error) {
	slices.SortFunc(entries, func(a, b entry) int {
		// An empty tensor shares its place with the next one; by end it comes first.
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), strings.Compare(a.name, b.name))
	})
	at := int64(0)
	for _, e := range entries {
		if err := e.check(at); err != nil {
			return 0, fmt.Errorf("tensor %q: %w", e.name, err)
		}
		at = e.end
	}
	return at, nil
}

// check takes the end of the tensor before. The reference implementation has the same rules, but for the caps.
func (e entry) check(at int64) error {
	n, ok := elements(e.shape)
	span := e.end - e.begin
	switch {
	case !ok:
		return fmt.Errorf("%w: shape %v is too large", ErrTensors, e.shape)
	case e.begin < at:
		return fmt.Errorf("%w: begins at byte %d of the data, inside another that ends at %d", ErrTensors, e.begin, at)
	case e.begin > at:
		return fmt.Errorf("%w: begins at byte %d of the data and leaves a gap from %d", ErrTensors, e.begin, at)
	case span != 4*int64(n):
		return fmt.Errorf("%w: shape %v takes %d bytes, its offsets span %d", ErrTensors, e.shape, 4*int64(n), span)
	case e.end > maxTensorsBytes:
		return fmt.Errorf("%w: ends at byte %d of the data, at most %d", ErrTooLarge, e.end, int64(maxTensorsBytes))
	}
	return nil
}

// decodeFloats is the counterpart of encodeFloats.
func decodeFloats(r io.Reader, data []float32) error {
	buf := make([]byte, min(bufferBytes, 4*len(data)))
	for part := range slices.Chunk(data, bufferBytes/4) {
		raw := buf[:4*len(part)]
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		for i := range part {
			part[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
	return nil
}

// cut hands each entry its part of data. Capacities end with the parts: an append to one must not write into the next.
func cut(data []float32, entries []entry) []Tensor {
	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		begin, end := e.begin/4, e.end/4
		tensors[i] = Tensor{Name: e.name, Shape: e.shape, Data: data[begin:end:end]}
	}
	slices.SortFunc(tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return tensors
}
