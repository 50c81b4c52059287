package ofa

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

const sample = `Conv-input:160x160x3-output:80x80x24:
  count: 498
  mean: 0.5
  std: 0.01
Logits-input:1x1x1536-output:1000:
  count: 499
  mean: 0.65
  std: 0.08
`

func TestTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "160.yaml")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := ReadTable(path)
	if err != nil {
		t.Fatal(err)
	}
	space, err := supernet.LoadSpace("ofa-mbv3-w1.2")
	if err != nil {
		t.Fatal(err)
	}
	blocks := space.AllBlocks(160)
	ends := []supernet.Block{blocks[0], blocks[len(blocks)-1]}
	if ms, missing, err := table.Times(ends); err != nil || missing != "" || ms[0] != 0.5 ||
		ms[1] != 0.65 {
		t.Errorf("times %v, missing %q", ms, missing)
	}
	if ms, missing, err := table.Times(blocks); err != nil || ms != nil ||
		missing != "expanded_conv-input:80x80x24-output:80x80x24-expand:24-kernel:3-stride:1-idskip:1-se:0-hs:0" {
		t.Errorf("times %v, missing %q", ms, missing)
	}
}

// TestForeignBlocks: the tables' names of blocks would not tell other activations and other hidden
// channels of squeeze-and-excitation from OFA's.
func TestForeignBlocks(t *testing.T) {
	space, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range space.Blocks(space.Max()) {
		if _, err := Key(b); err != nil {
			t.Errorf("%s: %v", b.Key(), err)
		}
		if b.SE == 0 {
			continue
		}
		for _, edit := range []func(b *supernet.Block){
			func(b *supernet.Block) { b.Act = supernet.SiLU },
			func(b *supernet.Block) { b.SE-- },
			func(b *supernet.Block) { b.SEAct = supernet.SiLU },
			func(b *supernet.Block) { b.SEGate = supernet.Sigmoid },
		} {
			other := b
			edit(&other)
			if key, err := Key(other); !errors.Is(err, ErrNoKey) {
				t.Errorf("%s is called %s, %v", other.Key(), key, err)
			}
		}
	}
}

func TestTableRefuses(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"":                                 "no blocks",
		"- a\n- b\n":                       "not a latency table",
		"a: {mean: -1}\n":                  `"a" has no mean above 0`,
		"a: {mean: .inf}\n":                `"a" has no mean above 0`,
		"a: {mean: 1e300}\n":               `"a" has no mean above 0 and up to 1e+12`,
		"b:\n  mean: 1\n\na:\n  mean: 0\n": `table.yaml:4: `,
		"a: {mean: .nan}\n":                `"a" has no mean above 0`,
		"a: {count: 3}\n":                  `"a" has no mean above 0`,
		"a: {mean: fast}\n":                "not a latency table",
		"a:\n  mean: 1\n b:\n  - 1":        "not a latency table",
	} {
		path := filepath.Join(dir, "table.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadTable(path); !errors.Is(err, ErrTable) || !strings.Contains(err.Error(),
			want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := ReadTable(dir); !errors.Is(err, ErrTable) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := ReadTable(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("a: &b {mean: 1}\nc: *b\n"))
	f.Add([]byte("a: [[[[[[[[[["))
	f.Add([]byte("- - - ? - - - {a: [}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := parseTable(text)
		if err == nil && len(table) == 0 {
			t.Error("an empty table")
		}
		if err != nil && !errors.Is(err, ErrTable) {
			t.Errorf("%v is no ErrTable", err)
		}
		for key, ms := range table {
			if !(ms > 0) {
				t.Errorf("%q takes %v", key, ms)
			}
		}
	})
}
