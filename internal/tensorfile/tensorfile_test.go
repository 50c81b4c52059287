package tensorfile

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// safetensorsOf is a file with a header and bytes behind it.
func safetensorsOf(header, data string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + data
}

// mixed has tensors of several types.
func mixed() string {
	return safetensorsOf(`{"module.b":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},`+
		`"module.a":{"dtype":"BF16","shape":[1,1],"data_offsets":[4,6]},`+
		`"module.n":{"dtype":"I64","shape":[],"data_offsets":[6,14]},`+
		`"module.d":{"dtype":"F64","shape":[],"data_offsets":[14,22]}}`,
		"\x00\x3c\x00\xc0"+"\xc0\x3f"+strings.Repeat("\x07", 8)+"\x00\x00\x00\x00\x00\x00\xe0\x3f")
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.bin") // whose name says nothing
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRead: a file is what its bytes say, and what wraps all names is taken off.
func TestRead(t *testing.T) {
	checkpoint, err := os.ReadFile("../torchfile/testdata/checkpoint.pth")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(t.Context(), write(t, string(checkpoint)))
	if err != nil || f.Format != "PyTorch" || f.Tensors[0].Name != "single" ||
		len(f.SHA256) != 64 {
		t.Errorf("%+v, %v", f, err)
	}
	old, err := Read(t.Context(), "../torchfile/testdata/state.pth")
	if err != nil || old.Format != "PyTorch" || old.Tensors[0].Name != "plain" {
		t.Errorf("%+v, %v", old, err)
	}
	f, err = Read(t.Context(), write(t, mixed()))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{{Name: "b", Shape: []int{2}, Data: []float32{1, -2}},
		{Name: "a", Shape: []int{1, 1}, Data: []float32{1.5}},
		{Name: "d", Shape: []int{}, Data: []float32{0.5}}}
	if !reflect.DeepEqual(f.Tensors, want) || f.Format != "safetensors" ||
		!reflect.DeepEqual(f.Skipped, []string{`"module.n" is I64`}) {
		t.Errorf("%+v", f)
	}
	single := safetensorsOf(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "\x00\x00\x80\x3f")
	if f, err = Read(t.Context(), write(t, single)); err != nil || f.Tensors[0].Data[0] != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestRefused: what is no such file has an error of a line with its name.
func TestRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "text": "a text that is long enough", "zip": "PK\x03\x04 no archive",
		"no tensors": safetensorsOf("{}", ""), "cut": mixed()[:100], "longer": mixed() + "0",
		"claims": safetensorsOf(
			`{"a":{"dtype":"F16","shape":[4000000000],"data_offsets":[0,8000000000]}}`, "1234"),
		"type":    safetensorsOf(`{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}`, "1234"),
		"offsets": safetensorsOf(`{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}`, "1234"),
	} {
		path := write(t, content)
		_, err := Read(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Read(t.Context(), write(t, "a text that is long enough"))
	if !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
	if _, err := Read(t.Context(), t.TempDir()); err == nil {
		t.Error("read a folder")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(mixed()))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte(safetensorsOf(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "1234")))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parse(t.Context(), data)
		if err != nil {
			return
		}
		for _, x := range file.Tensors {
			n := 1
			for _, side := range x.Shape {
				n *= side
			}
			if n != len(x.Data) {
				t.Errorf("%q has %d values, its shape is %v", x.Name, len(x.Data), x.Shape)
			}
		}
	})
}
