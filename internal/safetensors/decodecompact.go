package safetensors

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
)

// compact is a compact tensor of a file: what the metadata says of its shape, and the two entries
// that it has.
type compact struct {
	shape          []int
	elements       int
	values, places *entry
	gaps           bool // places are gaps, not a bitmap
}

// findCompact gives the compact tensors by name, from the metadata and the header alone: sizes fit
// one another and the caps before any memory is taken. Bytes that are no tensor's places are of an
// unsupported type.
func findCompact(entries []entry, meta map[string]string) (map[string]*compact, error) {
	shapes, err := parseShapes(meta)
	if err != nil {
		return nil, err
	}
	byName, dense := map[string]*entry{}, int64(0)
	for i := range entries {
		byName[entries[i].name] = &entries[i]
	}
	found, used := map[string]*compact{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		c, err := pair(name, shapes[name], byName)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		if dense += 4 * int64(c.elements); dense > maxCompactBytes {
			return nil, fmt.Errorf(
				"%w: the compact tensors up to %q have over %d bytes at full size",
				store.ErrTooLarge, name, maxCompactBytes)
		}
		found[name], used[c.places.name] = c, true
	}
	for _, e := range entries {
		if e.dtype == typeU8 && !used[e.name] {
			return nil, fmt.Errorf("tensor %q: %w", e.name, unsupported(typeU8))
		}
	}
	return found, nil
}

// parseShapes reads the metadata's list of compact tensors; there is none in most files.
func parseShapes(meta map[string]string) (map[string][]int, error) {
	shapes := map[string][]int{}
	text, ok := meta[compactKey]
	if !ok {
		return shapes, nil
	}
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%w: metadata %q is not a JSON object", ErrFormat, compactKey)
	}
	p := headerParser{dec: json.NewDecoder(strings.NewReader(text))}
	p.dec.UseNumber()
	err := p.object(func(name string) (err error) {
		shapes[name], err = p.ints(maxRank)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("metadata %q: %w", compactKey, err)
	}
	return shapes, nil
}

// pair finds the two parts of a compact tensor.
func pair(name string, shape []int, byName map[string]*entry) (*compact, error) {
	c := &compact{shape: shape, values: byName[name]}
	bitmap, gaps := placesOf(byName[name+bitmapSuffix]), placesOf(byName[name+gapsSuffix])
	c.places, c.gaps = bitmap, bitmap == nil
	if c.gaps {
		c.places = gaps
	}
	n, ok := elementCount(shape)
	c.elements = n
	switch {
	case c.values == nil || c.values.dtype != typeF32 || len(c.values.shape) != 1:
		return nil, fmt.Errorf("%w: metadata %q has it, but its values, a list of F32, are missing",
			ErrFormat, compactKey)
	case (bitmap == nil) == (gaps == nil):
		return nil, fmt.Errorf("%w: expected either %s or %s, a list of U8, beside its values",
			ErrFormat, bitmapSuffix, gapsSuffix)
	case !ok:
		return nil, fmt.Errorf("%w: shape %v is too large", ErrFormat, shape)
	}
	return c, c.checkSizes()
}

// placesOf gives an entry if it can be a tensor's places.
func placesOf(e *entry) *entry {
	if e == nil || e.dtype != typeU8 || len(e.shape) != 1 {
		return nil
	}
	return e
}

// checkSizes bounds the elements by the bytes that the file has for them: at most 8 a byte of a
// bitmap, 255 a byte of gaps.
func (c *compact) checkSizes() error {
	bytes := c.places.shape[0]
	if c.gaps {
		if int64(c.elements) >= farGap*(int64(bytes)+1) {
			return fmt.Errorf("%w: its gaps have %d bytes, too few for shape %v", ErrFormat, bytes,
				c.shape)
		}
		return nil
	}
	if want := bitmapLen(c.elements); bytes != want {
		return fmt.Errorf("%w: its bitmap has %d bytes, shape %v takes %d", ErrFormat, bytes,
			c.shape, want)
	}
	return nil
}

// check compares values and places, once they are read.
func (c *compact) check() error {
	if i := slices.IndexFunc(c.values.floats, isZero); i >= 0 {
		return fmt.Errorf("%w: value %d is zero, which a compact tensor leaves out", ErrFormat, i)
	}
	if c.gaps {
		return checkGaps(c.places.bytes, c.elements, len(c.values.floats))
	}
	return checkBitmap(c.places.bytes, c.elements, len(c.values.floats))
}

// spread fills in the dense tensor, which is zero.
func (c *compact) spread(dense []float32) {
	if c.gaps {
		spreadGaps(dense, c.values.floats, c.places.bytes)
		return
	}
	spreadBitmap(dense, c.values.floats, c.places.bytes)
}
