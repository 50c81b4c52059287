package safetensors_test

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
)

// rawCompact is a file with one compact tensor "a": the metadata's list, a suffix and type for its
// places, and the data.
func rawCompact(list, suffix, dtype string, values []float32, places []byte) []byte {
	header := fmt.Sprintf(
		`{"__metadata__":{"tailor.compact":%s},%s,"a%s":{"dtype":"%s","shape":[%d],"data_offsets":[%d,%d]}}`,
		strconv.Quote(list), f32("a", fmt.Sprint(len(values)), fmt.Sprintf("0,%d", 4*len(values))),
		suffix, dtype, len(places),
		4*len(values), 4*len(values)+len(places))
	data := raw(header, 0)
	data, err := binary.Append(data, binary.LittleEndian, values)
	if err != nil {
		panic(err)
	}
	return append(data, places...)
}

func bitmap(shape string, values []float32, places ...byte) []byte {
	return rawCompact(`{"a":[`+shape+`]}`, ":bitmap", "U8", values, places)
}

func gaps(shape string, values []float32, places ...byte) []byte {
	return rawCompact(`{"a":[`+shape+`]}`, ":gaps", "U8", values, places)
}

func TestDecodeCompactAccepts(t *testing.T) {
	far := make([]float32, 600)
	far[300], far[345] = 1, 2
	for name, tt := range map[string]struct {
		data []byte
		want []float32
	}{
		"bitmap": {bitmap("3,3", []float32{1, 2, 3}, 0b10000010, 1),
			[]float32{0, 1, 0, 0, 0, 0, 0, 2, 3}},
		"gaps": {gaps("3,3", []float32{1, 2, 3}, 1, 5, 0), []float32{0, 1, 0, 0, 0, 0, 0,
			2, 3}},
		"far":            {gaps("2,300", []float32{1, 2}, 255, 45, 44), far},
		"number":         {bitmap("", []float32{5}, 1), []float32{5}},
		"nothing":        {gaps("0,7", nil), nil},
		"254 zeros":      {gaps("254", nil), make([]float32, 254)},
		"255 zeros":      {gaps("255", nil, 255), make([]float32, 255)},
		"no places":      {bitmap("0", nil), nil},
		"not the fewest": {bitmap("2", []float32{1, 2}, 3), []float32{1, 2}},
	} {
		file, err := decode(tt.data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(file.Tensors) != 1 || file.Tensors[0].Name != "a" || !sameBits(file.Tensors[0].Data,
			tt.want) || len(file.Meta) != 0 {
			t.Errorf("%s: %+v, want %v", name, file, tt.want)
		}
	}
}

func TestDecodeCompactRefuses(t *testing.T) {
	two := []float32{1, 2}
	tests := map[string]struct {
		data  []byte
		words string
	}{
		"list is text": {rawCompact("a", ":bitmap", "U8", two, []byte{3}),
			`"tailor.compact" is not a JSON object`},
		"list is an array": {rawCompact("[]", ":bitmap", "U8", two, []byte{3}),
			`"tailor.compact": not valid safetensors: expected an object`},
		"two lists": {rawCompact("{}{}", ":bitmap", "U8", two, []byte{3}),
			"not a JSON object"},
		"name twice": {rawCompact(`{"a":[2],"a":[2]}`, ":bitmap", "U8", two, []byte{3}),
			`"a" is there twice`},
		"shape is text": {rawCompact(`{"a":"2"}`, ":bitmap", "U8", two, []byte{3}),
			"expected an array"},
		"negative":        {bitmap("-2", two, 3), "whole number"},
		"many dimensions": {bitmap(strings.Repeat("1,", 64)+"2", two, 3), "more than 64"},
		"no such tensor": {rawCompact(`{"a":[2],"b":[2]}`, ":bitmap", "U8", two, []byte{3}),
			`tensor "b"`},
		"no places": {rawCompact(`{"a":[2]}`, ":places", "F32", two, make([]byte, 0)),
			":bitmap or :gaps"},
		"places of F32": {rawCompact(`{"a":[2]}`, ":bitmap", "F32", two, make([]byte, 0)),
			":bitmap or :gaps"},
		"values 2-D": {raw(`{"__metadata__":{"tailor.compact":"{\"a\":[2]}"},`+
			f32("a", "1,2", "0,8")+`,"a:bitmap":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}`,
			9), "a list of F32"},
		"places 2-D": {raw(`{"__metadata__":{"tailor.compact":"{\"a\":[2]}"},`+
			f32("a", "2", "0,8")+`,"a:bitmap":{"dtype":"U8","shape":[1,1],"data_offsets":[8,9]}}`,
			9), "a list of U8"},
		"both places": {raw(`{"__metadata__":{"tailor.compact":"{\"a\":[2]}"},`+
			f32("a", "0", "0,0")+
			`,"a:bitmap":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a:gaps":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "either :bitmap or :gaps"},
		"overflow":          {gaps("65536,65536,65536,65536", nil), "too large"},
		"long bitmap":       {bitmap("8", two, 3, 0), "bitmap has 2 bytes, shape [8] takes 1"},
		"short bitmap":      {bitmap("9", two, 3), "bitmap has 1 bytes, shape [9] takes 2"},
		"gigabytes, bitmap": {bitmap("1000000000", two, 3), "bitmap has 1 bytes"},
		"gigabytes, gaps": {gaps("1000000000", two, 0, 0),
			"gaps have 2 bytes, too few for shape [1000000000]"},
		"gigabytes, nothing": {gaps("1000000000", nil), "gaps have 0 bytes"},
		"few bits":           {bitmap("8", two, 1), "1 bits set for 2 values"},
		"many bits":          {bitmap("8", two, 7), "3 bits set for 2 values"},
		"bit beyond":         {bitmap("5", two, 0b100001), "beyond its 5 elements"},
		"zero, bitmap":       {bitmap("8", []float32{1, 0}, 3), "value 1 is zero"},
		"zero, gaps":         {gaps("8", []float32{0, 1}, 0, 0), "value 0 is zero"},
		"few gaps":           {gaps("255", two, 0), "place 1 values, it has 2"},
		"many gaps":          {gaps("8", two, 0, 0, 0), "place 3 values, it has 2"},
		"far only":           {gaps("300", two, 255, 0), "place 1 values, it has 2"},
		"gap beyond":         {gaps("4", two, 1, 2), "cover 5 of 4 elements"},
		"far gap beyond":     {gaps("254", nil, 255), "cover 255 of 254 elements"},
		"rest too long":      {gaps("257", two, 0, 0), "cover 2 of 257 elements"},
		"255 zeros":          {gaps("255", nil), "too few for shape [255]"},
		"truncated places":   {bitmap("8", two, 3)[:len(bitmap("8", two, 3))-1], "truncated"},
		"more data":          {append(bitmap("8", two, 3), 0), "promises only"},
		"U8 of wrong length": {raw(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,16]}}`, 16),
			"shape [4] takes 4 bytes, its offsets span 16"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := decode(tt.data)
			wantError(t, err, safetensors.ErrFormat, tt.words)
		})
	}
}

// TestDecodeBytesAlone: bytes that are nobody's places are a tensor of a type that tailor does not
// have.
func TestDecodeBytesAlone(t *testing.T) {
	_, err := decode(raw(`{"a:bitmap":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2))
	wantError(t, err, safetensors.ErrDtype, `"a:bitmap"`, `"U8"`)
	_, err = decode(rawCompact(`{}`, ":bitmap", "U8", []float32{1, 2}, []byte{3}))
	wantError(t, err, safetensors.ErrDtype, `"a:bitmap"`)
}

func TestDecodeCompactTooLarge(t *testing.T) {
	if strconv.IntSize == 32 {
		t.Skip("no such shape fits an int")
	}
	const bytes = 1 << 16 // of gaps, for which 255 times as many elements would fit
	list, header, at := "", "", 0
	for i := range 5 {
		list += fmt.Sprintf(`\"%d\":[%d],`, i, 255*bytes)
		header += fmt.Sprintf(`,"%d":{"dtype":"F32","shape":[0],"data_offsets":[%d,%d]}`, i, at, at)
		header += fmt.Sprintf(`,"%d:gaps":{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}`, i,
			bytes, at, at+bytes)
		at += bytes
	}
	_, err := decode(raw(`{"__metadata__":{"tailor.compact":"{`+strings.TrimSuffix(list, ",")+`}"}`+
		header+`}`, at))
	wantError(t, err, store.ErrTooLarge, `"4"`, "268435456")
}

func TestDecodeCompactEveryTruncation(t *testing.T) {
	data := gaps("3,3", []float32{1, 2, 3}, 1, 5, 0)
	for n := range data {
		_, err := decode(data[:n])
		wantError(t, err, safetensors.ErrFormat)
	}
}
