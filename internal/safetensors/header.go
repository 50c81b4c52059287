package safetensors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// A safetensors file is
//
//	8 bytes: n, the length of the header, little-endian
//	n bytes: {"__metadata__": {"key": "value", ...},
//	          "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
//	the rest: the elements of all tensors, little-endian, the last dimension fastest
//
// https://github.com/huggingface/safetensors describes it; the header may end in spaces.

// The types of elements that tailor reads and writes: numbers, and the bytes that say where those
// of a compact tensor are.
const typeF32, typeU8 = "F32", "U8"

// entry is what a file holds under one name. Offsets are bytes from the start of the data.
type entry struct {
	name       string
	dtype      string
	width      int // bytes of an element
	shape      []int
	begin, end int64
	floats     []float32 // of typeF32
	bytes      []byte    // of typeU8
}

// ownTypes are those types by their width in bytes.
var ownTypes = map[string]int{typeF32: 4, typeU8: 1}

func unsupported(dtype string) error {
	return fmt.Errorf("%w %q: convert it to F32 first", ErrDtype, dtype)
}

// parseHeader checks everything about a header but the layout; types are those of elements that it
// takes, by their width in bytes. It reads token by token because a
// decoder into maps and structs would let duplicate names, nulls and "DTYPE" pass.
func parseHeader(header []byte, types map[string]int) ([]entry, map[string]string, error) {
	if len(header) == 0 || header[0] != '{' || !utf8.Valid(header) || !json.Valid(header) {
		return nil, nil, fmt.Errorf("%w: its header is not a JSON object", ErrFormat)
	}
	dec := json.NewDecoder(bytes.NewReader(header))
	dec.UseNumber()
	p := headerParser{dec: dec, types: types}
	err := p.object(func(name string) error {
		if name == metaKey {
			return p.meta()
		}
		if err := p.tensor(name); err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return p.entries, p.strings, nil
}

// headerParser walks JSON that is known to be valid, so a token's type is all there is to check.
type headerParser struct {
	dec     *json.Decoder
	types   map[string]int
	entries []entry
	strings map[string]string
}

// next is nil at the end of the header.
func (p *headerParser) next() any {
	token, err := p.dec.Token()
	if err != nil {
		return nil
	}
	return token
}

// object calls value, which must consume the value, for each key. A key that is there twice means
// that two readers can see two different files, which the format forbids and not every
// implementation refuses.
func (p *headerParser) object(value func(key string) error) error {
	if p.next() != json.Delim('{') {
		return fmt.Errorf("%w: expected an object", ErrFormat)
	}
	seen := map[string]bool{}
	for p.dec.More() {
		key, ok := p.next().(string)
		if len(key) > maxNameBytes {
			return fmt.Errorf("%w: a name has %d bytes, at most %d", ErrFormat, len(key),
				maxNameBytes)
		}
		if !ok || seen[key] {
			return fmt.Errorf("%w: %q is there twice", ErrFormat, key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	p.next()
	return nil
}

// meta holds strings only.
func (p *headerParser) meta() error {
	p.strings = map[string]string{}
	return p.object(func(key string) error {
		value, ok := p.next().(string)
		if !ok {
			return fmt.Errorf("%w: metadata %q is not a string", ErrFormat, key)
		}
		p.strings[key] = value
		return nil
	})
}

// tensor wants the three fields in any order, and no other: object has refused the same one twice.
func (p *headerParser) tensor(name string) error {
	e := entry{name: name}
	offsets, fields := []int(nil), 0
	err := p.object(func(key string) (err error) {
		fields++
		switch key {
		case "dtype":
			e.dtype, _ = p.next().(string)
		case "shape":
			e.shape, err = p.ints(maxRank)
		case "data_offsets":
			offsets, err = p.ints(2)
		default:
			err = fmt.Errorf("%w: unknown field %q", ErrFormat, key)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case fields != 3 || len(offsets) != 2:
		return fmt.Errorf("%w: it needs a dtype, a shape and two data_offsets", ErrFormat)
	}
	if e.width = p.types[e.dtype]; e.width == 0 {
		return unsupported(e.dtype)
	}
	e.begin, e.end = int64(offsets[0]), int64(offsets[1])
	p.entries = append(p.entries, e)
	return nil
}

// ints reads an array of at most limit non-negative whole numbers.
func (p *headerParser) ints(limit int) ([]int, error) {
	if p.next() != json.Delim('[') {
		return nil, fmt.Errorf("%w: expected an array of numbers", ErrFormat)
	}
	list := []int{}
	for p.dec.More() {
		number, _ := p.next().(json.Number)
		n, err := strconv.ParseUint(string(number), 10, 64)
		if err != nil || n > math.MaxInt {
			return nil, fmt.Errorf("%w: an array has something other than a whole number that fits",
				ErrFormat)
		}
		if list = append(list, int(n)); len(list) > limit {
			return nil, fmt.Errorf("%w: an array has more than %d numbers", ErrFormat, limit)
		}
	}
	p.next()
	return list, nil
}
