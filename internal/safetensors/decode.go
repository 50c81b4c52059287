package safetensors

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
)

// Decode reads a safetensors file of exactly size bytes from r, and leaves r at the end. It holds
// no more memory than size, about, and the header's, unless there are compact tensors: these may
// have up to 256 MiB at full size. Its errors are [ErrFormat], [ErrDtype], [store.ErrTooLarge] and
// those of r.
func Decode(r io.Reader, size int64) (*File, error) {
	hash := sha256.New()
	r = bufio.NewReaderSize(io.TeeReader(r, hash), bufferBytes)
	header, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	entries, meta, err := parseHeader(header, ownTypes)
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
	found, err := findCompact(entries, meta)
	if err != nil {
		return nil, err
	}
	if err := readEntries(r, entries); err != nil {
		return nil, fmt.Errorf("tensor data: %w", err)
	}
	if n, _ := io.ReadFull(r, make([]byte, 1)); n != 0 {
		return nil, fmt.Errorf("%w: it grew while it was read", ErrFormat)
	}
	tensors, err := assemble(entries, found)
	if err != nil {
		return nil, err
	}
	delete(meta, compactKey) // it is the file's, not the caller's
	return &File{Tensors: tensors, Meta: meta, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

// readHeader believes the length it finds only as far as the cap and the size of the file allow.
func readHeader(r io.Reader, size int64) ([]byte, error) {
	if size < 8 {
		return nil, fmt.Errorf("%w: truncated: has %d bytes, the length of its header takes 8",
			ErrFormat, size)
	}
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, fmt.Errorf("header length: %w", err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeaderBytes {
		return nil, fmt.Errorf("%w: its first 8 bytes promise a header of %d bytes, at most %d",
			ErrFormat, n, maxHeaderBytes)
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
		return fmt.Errorf("%w: truncated: has %d bytes, its header promises %d", ErrFormat, size,
			promised)
	case size > promised:
		return fmt.Errorf("%w: has %d bytes, its header promises only %d", ErrFormat, size,
			promised)
	}
	return nil
}

// checkLayout sorts entries by place and makes sure that they tile the data: no overlap, no gap. It
// returns the length of the data.
func checkLayout(entries []entry) (int64, error) {
	slices.SortFunc(entries, func(a, b entry) int {
		// An empty tensor shares its place with the next one; by end it comes first.
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end),
			strings.Compare(a.name, b.name))
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

// check takes the end of the tensor before. The reference implementation has the same rules, but
// for the caps.
func (e entry) check(at int64) error {
	n, ok := elementCount(e.shape)
	span, width := e.end-e.begin, int64(e.width)
	switch {
	case !ok:
		return fmt.Errorf("%w: shape %v is too large", ErrFormat, e.shape)
	case e.begin < at:
		return fmt.Errorf("%w: begins at byte %d of the data, inside another that ends at %d",
			ErrFormat, e.begin, at)
	case e.begin > at:
		return fmt.Errorf("%w: begins at byte %d of the data and leaves a gap from %d", ErrFormat,
			e.begin, at)
	case span != width*int64(n):
		return fmt.Errorf("%w: shape %v takes %d bytes, its offsets span %d", ErrFormat, e.shape,
			width*int64(n), span)
	case e.end > maxTensorsBytes:
		return fmt.Errorf("%w: ends at byte %d of the data, at most %d", store.ErrTooLarge, e.end,
			int64(maxTensorsBytes))
	}
	return nil
}

// readEntries reads the data of all entries, which are in the order of their places. It takes no
// more memory than the file is known to hold.
func readEntries(r io.Reader, entries []entry) error {
	var floatBytes, rawBytes int64
	for _, e := range entries {
		if e.dtype == typeF32 {
			floatBytes += e.end - e.begin
		} else {
			rawBytes += e.end - e.begin
		}
	}
	floats, raw := make([]float32, floatBytes/4), make([]byte, rawBytes)
	buf := make([]byte, min(bufferBytes, floatBytes))
	for i := range entries {
		e := &entries[i]
		if n := e.end - e.begin; e.dtype == typeF32 {
			// Capacities end with the parts: an append to one must not write into the next.
			e.floats, floats = floats[:n/4:n/4], floats[n/4:]
			if err := decodeFloats(r, e.floats, buf); err != nil {
				return err
			}
		} else {
			e.bytes, raw = raw[:n], raw[n:]
			if _, err := io.ReadFull(r, e.bytes); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeFloats is the counterpart of encodeFloats.
func decodeFloats(r io.Reader, data []float32, buf []byte) error {
	for len(data) > 0 {
		part := data[:min(len(data), len(buf)/4)]
		raw := buf[:4*len(part)]
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		for i := range part {
			part[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		data = data[len(part):]
	}
	return nil
}

// assemble gives the tensors of a file in the order of their names, compact ones at full size.
func assemble(entries []entry, found map[string]*compact) ([]Tensor, error) {
	total := 0
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if err := found[name].check(); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		total += found[name].elements
	}
	dense := make([]float32, total)
	tensors := make([]Tensor, 0, len(entries)-len(found))
	for _, e := range entries {
		t := Tensor{Name: e.name, Shape: e.shape, Data: e.floats}
		if e.dtype != typeF32 {
			continue
		}
		if c := found[e.name]; c != nil {
			t.Shape, t.Data, dense = c.shape, dense[:c.elements:c.elements], dense[c.elements:]
			c.spread(t.Data)
		}
		tensors = append(tensors, t)
	}
	slices.SortFunc(tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return tensors, nil
}
