package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
)

// raw is a file with this header, whatever it says, and this many bytes of data.
func raw(header string, dataBytes int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, dataBytes)...)
}

func f32(name, shape, offsets string) string {
	return fmt.Sprintf(`%q:{"dtype":"F32","shape":[%s],"data_offsets":[%s]}`, name, shape, offsets)
}

func TestDecodeAccepts(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":         raw(`{}`, 0),
		"other key order": raw(`{"a":{"shape":[1],"data_offsets":[0,4],"dtype":"F32"}}`, 4),
		"white space": raw(
			"{ \"a\" : { \"dtype\" : \"F32\",\n\"shape\":[ ],\"data_offsets\":[0, 4]} }   ", 4),
		"empty metadata": raw(`{"__metadata__":{}}`, 0),
		"place not name": raw(`{`+f32("a", "1", "4,8")+`,`+f32("b", "1", "0,4")+`}`, 8),
		"empty tensors": raw(`{`+f32("b", "1", "0,4")+`,`+f32("a", "0", "0,0")+`,`+
			f32("c", "0,7", "4,4")+`}`, 4),
	} {
		if _, err := decode(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	a := f32("a", "2", "0,8")
	tests := map[string]struct {
		data  []byte
		class error
		words string
	}{
		"no file": {nil, safetensors.ErrFormat, "truncated: has 0 bytes"},
		"huge header": {bytes.Repeat([]byte{0xff}, 20), safetensors.ErrFormat,
			"18446744073709551615"},
		"header cap": {binary.LittleEndian.AppendUint64(nil, 8<<20+1), safetensors.ErrFormat,
			"at most 8388608"},
		"short header": {raw("{}      ", 0)[:12], safetensors.ErrFormat,
			"truncated: has 12 bytes, its header promises 16"},
		"no header":      {raw("", 0), safetensors.ErrFormat, "not a JSON object"},
		"leading space":  {raw(" {}", 0), safetensors.ErrFormat, "not a JSON object"},
		"array":          {raw("[]", 0), safetensors.ErrFormat, "not a JSON object"},
		"two objects":    {raw("{}{}", 0), safetensors.ErrFormat, "not a JSON object"},
		"trailing comma": {raw("{"+a+",}", 8), safetensors.ErrFormat, "not a JSON object"},
		"not UTF-8":      {raw("{\"\xff\":1}", 0), safetensors.ErrFormat, "not a JSON object"},
		"short data": {raw("{"+a+"}", 7), safetensors.ErrFormat,
			"truncated: has 69 bytes, its header promises 70"},
		"long data": {raw("{"+a+"}", 9), safetensors.ErrFormat,
			"has 71 bytes, its header promises only 70"},
		"duplicate": {raw("{"+a+","+a+"}", 8), safetensors.ErrFormat, `"a" is there twice`},
		"metadata twice": {raw(`{"__metadata__":{},"__metadata__":{}}`, 0), safetensors.ErrFormat,
			"twice"},
		"metadata key": {raw(`{"__metadata__":{"k":"1","k":"2"}}`, 0), safetensors.ErrFormat,
			`"k" is there twice`},
		"metadata null": {raw(`{"__metadata__":null}`, 0), safetensors.ErrFormat,
			"expected an object"},
		"metadata number": {raw(`{"__metadata__":{"k":1}}`, 0), safetensors.ErrFormat, `metadata "k"`},
		"metadata object": {raw(`{"__metadata__":{"k":{"a":[]}}}`, 0), safetensors.ErrFormat,
			`metadata "k"`},
		"long name": {raw("{"+f32(strings.Repeat("a", 1025), "1", "0,4")+"}", 4),
			safetensors.ErrFormat, "a name has 1025 bytes"},
		"overlap": {raw("{"+a+","+f32("b", "2", "4,12")+"}", 12), safetensors.ErrFormat,
			"begins at byte 4"},
		"same place": {raw("{"+a+","+f32("b", "2", "0,8")+"}", 8), safetensors.ErrFormat,
			`tensor "b"`},
		"gap": {raw("{"+a+","+f32("b", "1", "12,16")+"}", 16), safetensors.ErrFormat,
			"leaves a gap from 8"},
		"late start": {raw("{"+f32("a", "1", "4,8")+"}", 8), safetensors.ErrFormat,
			"leaves a gap from 0"},
		"backwards": {raw("{"+f32("a", "1", "4,0")+"}", 4), safetensors.ErrFormat, `"a"`},
		"wrong size": {raw("{"+f32("a", "3", "0,8")+"}", 8), safetensors.ErrFormat,
			"shape [3] takes 12 bytes, its offsets span 8"},
		"overflow": {raw("{"+f32("a", "65536,65536,65536,65536", "0,0")+"}", 0),
			safetensors.ErrFormat, "too large"},
		"overflow and zero": {raw("{"+f32("a", "65536,65536,65536,65536,0", "0,0")+"}", 0),
			safetensors.ErrFormat, "too large"},
		"over int64": {raw("{"+f32("a", "18446744073709551616", "0,0")+"}", 0),
			safetensors.ErrFormat, "whole number"},
		"negative": {raw("{"+f32("a", "-1", "0,4")+"}", 4), safetensors.ErrFormat,
			"whole number"},
		"fraction": {raw("{"+f32("a", "1.0", "0,4")+"}", 4), safetensors.ErrFormat,
			"whole number"},
		"exponent": {raw("{"+f32("a", "1e0", "0,4")+"}", 4), safetensors.ErrFormat,
			"whole number"},
		"quoted number": {raw("{"+f32("a", `"1"`, "0,4")+"}", 4), safetensors.ErrFormat,
			"whole number"},
		"null dimension": {raw("{"+f32("a", "null", "0,4")+"}", 4), safetensors.ErrFormat,
			"whole number"},
		"many dimensions": {raw("{"+f32("a", strings.Repeat("1,", 64)+"1", "0,4")+"}", 4),
			safetensors.ErrFormat, "more than 64"},
		"three offsets": {raw("{"+f32("a", "1", "0,4,8")+"}", 4), safetensors.ErrFormat,
			"more than 2"},
		"one offset": {raw("{"+f32("a", "1", "4")+"}", 4), safetensors.ErrFormat,
			"two data_offsets"},
		"no dtype": {raw(`{"a":{"shape":[1],"data_offsets":[0,4]}}`, 4), safetensors.ErrFormat,
			"needs a dtype"},
		"extra field": {raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`,
			4), safetensors.ErrFormat, `"x"`},
		"field case": {raw(`{"a":{"DTYPE":"F32","shape":[1],"data_offsets":[0,4]}}`, 4),
			safetensors.ErrFormat, `"DTYPE"`},
		"field twice": {raw(
			`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4),
			safetensors.ErrFormat, "twice"},
		"tensor null":  {raw(`{"a":null}`, 0), safetensors.ErrFormat, `tensor "a"`},
		"shape object": {raw(`{"a":{"shape":{}}}`, 0), safetensors.ErrFormat, "array"},
		"dtype object": {raw(`{"a":{"dtype":{"b":1},"shape":[1],"data_offsets":[0,4]}}`, 4),
			nil, `tensor "a"`},
		"half": {raw(`{"h\n":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, 2),
			safetensors.ErrDtype, `"h\n": unsupported tensor type "F16"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := decode(tt.data)
			wantError(t, err, tt.class, tt.words)
		})
	}
}

func TestDecodeTooLarge(t *testing.T) {
	if strconv.IntSize == 32 {
		t.Skip("no such shape fits an int")
	}
	_, err := decode(raw("{"+f32("a", "2147483648", "0,8589934592")+"}", 0))
	wantError(t, err, store.ErrTooLarge, `"a"`, "at most 4294967296")
}

func TestDecodeEveryTruncation(t *testing.T) {
	data := encoded(t, []safetensors.Tensor{
		{Name: "a", Shape: []int{2}, Data: []float32{1, 2}},
		{Name: "b", Shape: []int{}, Data: []float32{3}},
	}, map[string]string{"k": "v"})
	for n := range data {
		_, err := decode(data[:n])
		wantError(t, err, safetensors.ErrFormat)
		// A stream that ends before the size that was announced.
		if _, err := safetensors.Decode(bytes.NewReader(data[:n]), int64(len(data))); err == nil {
			t.Errorf("%d of %d bytes pass for the whole", n, len(data))
		}
	}
	_, err := safetensors.Decode(bytes.NewReader(append(data, 0)), int64(len(data)))
	wantError(t, err, safetensors.ErrFormat, "grew")
}

func TestReadNamesFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	_, err := safetensors.Read(path)
	wantError(t, err, fs.ErrNotExist, path, "check the path")
	if err := os.WriteFile(path, raw(`{`+f32("a", "1", "0,4")+`}`, 3), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = safetensors.Read(path)
	wantError(t, err, safetensors.ErrFormat, path, "truncated", "copy the file again")
}
