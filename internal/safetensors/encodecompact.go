package safetensors

import (
	"io"
	"strconv"
)

// WriteCompact is [Write] with tensors that are mostly zeros stored compactly.
// [Read] gives them back as they were. See [EncodeCompact].
func WriteCompact(path string, tensors []Tensor, meta map[string]string) (sha256hex string,
	err error) {
	return writeHashed(path, func(w io.Writer) error {
		return EncodeCompact(w, tensors,
			meta)
	})
}

// EncodeCompact is [Encode], but of a tensor of whose elements so many are zero that
// it saves space, it writes the others and their places. Where such tensors have more than 256 MiB
// together all stay dense. Where there is no such tensor the bytes are those of Encode. Two
// tensors that differ are never written alike: even the sign of zero and the bits of NaN survive.
func EncodeCompact(w io.Writer, tensors []Tensor, meta map[string]string) error {
	sorted, err := sortTensors(tensors, meta)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, t := range sorted {
		taken[t.Name] = true
	}
	var places []entry
	shapes, dense := []byte{'{'}, 0
	entries := make([]entry, len(sorted))
	for i, t := range sorted {
		entries[i] = denseEntry(t)
		if taken[t.Name+bitmapSuffix] || taken[t.Name+gapsSuffix] {
			continue // it stays dense: no two names collide
		}
		if suffix := choosePlaces(t.Data); suffix != "" {
			entries[i] = floatsEntry(t.Name, withoutZeros(t.Data))
			places = append(places, placesEntry(t, suffix))
			shapes = append(appendShape(append(appendQuoted(shapes, t.Name), ':'), t.Shape), ',')
			if dense += 4 * len(t.Data); dense > maxCompactBytes {
				return Encode(w, tensors, meta) // it could not be read
			}
		}
	}
	if len(places) > 0 {
		shapes[len(shapes)-1] = '}'
		meta = with(meta, compactKey, string(shapes))
	}
	// wide types first, as the reference implementation has them
	return writeEntries(w, append(entries, places...), meta)
}

func floatsEntry(name string, values []float32) entry {
	return entry{name: name, dtype: typeF32, shape: []int{len(values)}, floats: values}
}

func placesEntry(t Tensor, suffix string) entry {
	encode := encodeBitmap
	if suffix == gapsSuffix {
		encode = encodeGaps
	}
	places := encode(t.Data)
	return entry{name: t.Name + suffix, dtype: typeU8, shape: []int{len(places)}, bytes: places}
}

func appendShape(b []byte, shape []int) []byte {
	b = append(b, '[')
	for i, dim := range shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(dim), 10)
	}
	return append(b, ']')
}

// with gives a copy of a map that has one entry more.
func with(meta map[string]string, key, value string) map[string]string {
	all := map[string]string{key: value}
	for k, v := range meta {
		all[k] = v
	}
	return all
}
