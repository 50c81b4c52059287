package elsewhere

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestScript: a shell can read it, it is the same for one seed, and each order has every other
// network once.
func TestScript(t *testing.T) {
	text := Script(known, []string{"tflite", "onnx"}, 1)
	if text != Script(known, []string{"tflite", "onnx"}, 1) {
		t.Error("one seed gives two scripts")
	}
	if !strings.Contains(text, "\nreference=net-002-22222222\nformats=\"tflite onnx\"\n") ||
		strings.Contains(text, generated) {
		t.Errorf("without what is generated:\n%.2000s", text)
	}
	orders := 0
	for line := range strings.Lines(text) {
		if _, order, found := strings.Cut(line, ") echo 0"); found {
			orders++
			numbers := strings.Fields("0" + strings.TrimSuffix(strings.TrimSpace(order), ";;"))
			if slices.Sort(numbers); !slices.Equal(numbers, []string{"000", "001"}) {
				t.Errorf("order %v", numbers)
			}
		}
	}
	if orders != Repeats {
		t.Errorf("%d orders, want %d", orders, Repeats)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	cmd := exec.Command(sh, "-n")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for _, bash := range []string{"[[", "function ", "<<<", "echo -", "$'", "&>", "=="} {
		if bytes.Contains([]byte(script), []byte(bash)) {
			t.Errorf("%q is not of every POSIX shell", bash)
		}
	}
}

func TestNetworks(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	low, err := Name(7, space, space.Min())
	if err != nil || names.FindString(low) != low {
		t.Fatal(low, err)
	}
	if high, _ := Name(7, space, space.Max()); high == low {
		t.Errorf("two networks are called %s", low)
	}
	want := []Network{{Name: low, Reference: true, Space: space.Name, SpaceSHA256: space.SHA256(),
		Arch: space.Spec(space.Min()), MACs: 5, Files: []File{{Format: "onnx", File: "f", Bytes: 3}}}}
	var text bytes.Buffer
	if err := WriteNetworks(&text, want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), NetworksFile)
	write(t, path, text.String())
	got, err := ReadNetworks(path)
	if err != nil || len(got) != 1 || got[0].Name != low || got[0].Files[0] != want[0].Files[0] {
		t.Fatalf("%+v, %v", got, err)
	}
	for bad, says := range map[string]string{
		"":                            "has no networks",
		`{"network":"x"}`:             `jsonl:1: "network" is "x", expected a name`,
		text.String() + text.String(): "jsonl:2: " + low + " comes twice",
		"{\n":                         "jsonl:1: ",
		text.String() + `{"network":"net-001-11111111"}`: "jsonl:2: the network is of another space",
	} {
		write(t, path, bad)
		if _, err := ReadNetworks(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60q: %v, want %s", bad, err, says)
		}
	}
}
