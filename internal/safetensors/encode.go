package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/internal/store"
)

const metaKey = "__metadata__" // the one name that the format keeps for itself

// Encode writes tensors, in the order of their names, and meta in the safetensors format.
// The bytes depend on the values alone, and are those of the reference implementation wherever that
// one is deterministic.
func Encode(w io.Writer, tensors []Tensor, meta map[string]string) error {
	sorted, err := sortTensors(tensors, meta)
	if err != nil {
		return err
	}
	entries := make([]entry, len(sorted))
	for i, t := range sorted {
		entries[i] = denseEntry(t)
	}
	return writeEntries(w, entries, meta)
}

// sortTensors checks everything before the first byte: what is written can always be read back.
func sortTensors(tensors []Tensor, meta map[string]string) ([]Tensor, error) {
	sorted := slices.Clone(tensors)
	slices.SortStableFunc(sorted, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return sorted, checkTensors(sorted, meta)
}

func denseEntry(t Tensor) entry {
	return entry{name: t.Name, dtype: typeF32, shape: t.Shape, floats: t.Data}
}

// writeEntries writes a file of these entries, in this order.
func writeEntries(w io.Writer, entries []entry, meta map[string]string) error {
	header := encodeHeader(entries, meta)
	if len(header) > maxHeaderBytes {
		return fmt.Errorf("safetensors: a header of %d bytes is %w, at most %d", len(header),
			store.ErrTooLarge, maxHeaderBytes)
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(header)))
	if _, err := w.Write(append(length[:], header...)); err != nil {
		return err
	}
	buf := make([]byte, bufferBytes)
	for _, e := range entries {
		if err := encodeFloats(w, e.floats, buf); err != nil {
			return err
		}
		if _, err := w.Write(e.bytes); err != nil {
			return err
		}
	}
	return nil
}

// checkTensors refuses what Decode would, and text that JSON cannot carry unchanged.
func checkTensors(sorted []Tensor, meta map[string]string) error {
	total := 0
	for i, t := range sorted {
		n, ok := elementCount(t.Shape)
		switch {
		case t.Name == metaKey || !utf8.ValidString(t.Name) || len(t.Name) > maxNameBytes-
			len(bitmapSuffix):
			return fmt.Errorf("safetensors: %.100q cannot name a tensor", t.Name)
		case i > 0 && t.Name == sorted[i-1].Name:
			return fmt.Errorf("safetensors: two tensors are named %q", t.Name)
		case len(t.Shape) > maxRank:
			return fmt.Errorf("safetensors: tensor %q has %d dimensions, at most %d", t.Name,
				len(t.Shape), maxRank)
		case !ok || n != len(t.Data):
			return fmt.Errorf("safetensors: tensor %q has shape %v but %d elements", t.Name,
				t.Shape, len(t.Data))
		case n > maxTensorsBytes/4-total:
			return fmt.Errorf("safetensors: the tensors up to %q are %w: over %d bytes",
				t.Name, store.ErrTooLarge, int64(maxTensorsBytes))
		}
		total += n
	}
	if _, ok := meta[compactKey]; ok {
		return fmt.Errorf("safetensors: metadata %q is what compact tensors are listed in",
			compactKey)
	}
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		if !utf8.ValidString(key) || !utf8.ValidString(meta[key]) || len(key) > maxNameBytes {
			return fmt.Errorf("safetensors: metadata %.100q is not UTF-8, or its key is longer than %d bytes", key, maxNameBytes)
		}
	}
	return nil
}

// encodeHeader writes the JSON by hand because key order and the absence of white space are part of
// the bytes.
func encodeHeader(entries []entry, meta map[string]string) []byte {
	b := []byte{'{'}
	if len(meta) > 0 {
		b = appendMeta(b, meta)
	}
	begin := 0
	for _, e := range entries {
		end := begin + 4*len(e.floats) + len(e.bytes)
		b = appendEntry(b, e, begin, end)
		begin = end
	}
	b = append(bytes.TrimSuffix(b, []byte{','}), '}')
	for len(b)%8 != 0 { // so that the data, after the 8 bytes of length, is aligned for every type
		b = append(b, ' ')
	}
	return b
}

// appendMeta sorts the keys, which the reference implementation leaves to chance.
func appendMeta(b []byte, meta map[string]string) []byte {
	b = append(appendQuoted(b, metaKey), ":{"...)
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		b = append(appendQuoted(b, key), ':')
		b = append(appendQuoted(b, meta[key]), ',')
	}
	b[len(b)-1] = '}'
	return append(b, ',')
}

// appendEntry ends with a comma, which the end of the object takes back.
func appendEntry(b []byte, e entry, begin, end int) []byte {
	b = fmt.Appendf(appendQuoted(b, e.name), `:{"dtype":"%s","shape":`, e.dtype)
	return fmt.Appendf(appendShape(b, e.shape), `,"data_offsets":[%d,%d]},`, begin, end)
}

// appendQuoted appends s as JSON, with <, > and & as they are: other programs' readers compare
// names.
func appendQuoted(b []byte, s string) []byte {
	buf := bytes.NewBuffer(b)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	// a string always encodes, and a Buffer always takes it
	enc.Encode(s)
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}) // which Encode adds
}

// encodeFloats spells out little-endian order; the loop is far faster than the hash or disk behind
// it on either kind of machine.
func encodeFloats(w io.Writer, data []float32, buf []byte) error {
	for part := range slices.Chunk(data, len(buf)/4) {
		for i, x := range part {
			binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(x))
		}
		if _, err := w.Write(buf[:4*len(part)]); err != nil {
			return err
		}
	}
	return nil
}
