package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const metaKey = "__metadata__" // the one name that the format keeps for itself

// EncodeTensors writes tensors, in the order of their names, and meta in the safetensors format. The bytes depend on
// the values alone, and are those of the reference implementation wherever that one is deterministic.
func EncodeTensors(w io.Writer, tensors []Tensor, meta map[string]string) error {
	sorted := slices.Clone(tensors)
	slices.SortStableFunc(sorted, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	// Everything is checked before the first byte: what is written can always be read back.
	if err := checkTensors(sorted, meta); err != nil {
		return err
	}
	header := encodeHeader(sorted, meta)
	if len(header) > maxHeaderBytes {
		return fmt.Errorf("safetensors: a header of %d bytes is %w, at most %d", len(header), ErrTooLarge, maxHeaderBytes)
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(header)))
	if _, err := w.Write(append(length[:], header...)); err != nil {
		return err
	}
	buf := make([]byte, bufferBytes)
	for _, t := range sorted {
		if err := encodeFloats(w, t.Data, buf); err != nil {
			return err
		}
	}
	return nil
}

// checkTensors refuses what DecodeTensors would, and text that JSON cannot carry unchanged.
func checkTensors(sorted []Tensor, meta map[string]string) error {
	total := 0
	for i, t := range sorted {
		n, ok := elements(t.Shape)
		switch {
		case t.Name == metaKey || !utf8.ValidString(t.Name):
			return fmt.Errorf("safetensors: %q cannot name a tensor", t.Name)
		case i > 0 && t.Name == sorted[i-1].Name:
			return fmt.Errorf("safetensors: two tensors are named %q", t.Name)
		case len(t.Shape) > maxRank:
			return fmt.Errorf("safetensors: tensor %q has %d dimensions, at most %d", t.Name, len(t.Shape), maxRank)
		case !ok || n != len(t.Data):
			return fmt.Errorf("safetensors: tensor %q has shape %v but %d elements", t.Name, t.Shape, len(t.Data))
		case n > maxTensorsBytes/4-total:
			return fmt.Errorf("safetensors: the tensors up to %q are %w: over %d bytes",
				t.Name, ErrTooLarge, int64(maxTensorsBytes))
		}
		total += n
	}
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		if !utf8.ValidString(key) || !utf8.ValidString(meta[key]) {
			return fmt.Errorf("safetensors: metadata %q is not UTF-8", key)
		}
	}
	return nil
}

// encodeHeader writes the JSON by hand because key order and the absence of white space are part of the bytes.
func encodeHeader(sorted []Tensor, meta map[string]string) []byte {
	b := []byte{'{'}
	if len(meta) > 0 {
		b = appendMeta(b, meta)
	}
	begin := 0
	for _, t := range sorted {
		b = appendEntry(b, t, begin)
		begin += 4 * len(t.Data)
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
func appendEntry(b []byte, t Tensor, begin int) []byte {
	b = append(appendQuoted(b, t.Name), `:{"dtype":"F32","shape":[`...)
	for i, dim := range t.Shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(dim), 10)
	}
	return fmt.Appendf(b, `],"data_offsets":[%d,%d]},`, begin, begin+4*len(t.Data))
}

// appendQuoted appends s as JSON, with <, > and & as they are: other programs' readers compare names.
func appendQuoted(b []byte, s string) []byte {
	buf := bytes.NewBuffer(b)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	enc.Encode(s)                                      // a string always encodes, and a Buffer always takes it
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}) // which Encode adds
}

// encodeFloats spells out little-endian order; the loop is far faster than the hash or disk behind it on either kind
// of machine.
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
