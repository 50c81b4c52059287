package genes_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor/genes"
)

const flags = `tailor: genes/1
name: flags
genes:
  - {name: O, choices: [-O1, -O2, -O3]}
  - {name: unroll, choices: [1, 2, 4, 8]}
  - {name: fast, choices: ["", -ffast-math]}
  - {name: size, choices: [small, middle, large], ordered: true}
  - {name: lto, choices: [false, true]}
  - {name: seed, choices: [3, 1, 2], ordered: false}
`

func parseFlags(t testing.TB) *genes.Space {
	t.Helper()
	s, err := genes.Parse("flags.yaml", []byte(flags))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParse(t *testing.T) {
	s := parseFlags(t)
	if got := s.Sizes(); !slices.Equal(got, []int{3, 4, 2, 3, 2, 3}) {
		t.Errorf("sizes %v", got)
	}
	if s.Count().Int64() != 3*4*2*3*2*3 {
		t.Errorf("%v configurations", s.Count())
	}
	for i, ordered := range []bool{false, true, false, true, false, false} {
		if g := s.Genes[i]; g.Ordered != ordered {
			t.Errorf("gene %s is ordered: %v", g.Name, g.Ordered)
		}
	}
	named := s.Named(genes.Configuration{2, 3, 0, 1, 1, 0})
	for name, want := range map[string]string{"O": "-O3", "unroll": "8", "fast": "",
		"size": "middle", "lto": "true", "seed": "3"} {
		if got, has := named[name]; !has || got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestLoadCounts(t *testing.T) {
	s, err := genes.Load("5,5,3")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Sizes(), []int{5, 5, 3}) || s.Genes[2].Name != "gene3" ||
		s.Genes[0].Choices[4] != "4" || s.Genes[0].Ordered {
		t.Errorf("it is %+v", s)
	}
	other, err := genes.Load("5,3,5")
	if err != nil || other.SHA256() == s.SHA256() {
		t.Errorf("other genes have the same hash (%v)", err)
	}
	for _, text := range []string{"0", "5,0", "1025", "600,600", strings.Repeat("1,", 256) + "1"} {
		if _, err := genes.Load(text); !errors.Is(err, genes.ErrSpace) {
			t.Errorf("%.20s: %v", text, err)
		}
	}
	if _, err := genes.Load("5,x"); !errors.Is(err, os.ErrNotExist) ||
		!strings.Contains(err.Error(), "5,5,5") {
		t.Errorf("5,x: %v", err)
	}
}

// TestSpaceHash: the hash is of what can be chosen alone, and of all of that.
func TestSpaceHash(t *testing.T) {
	same := strings.Replace(flags, "name: flags", "name: renamed # a comment", 1)
	s, err := genes.Parse("x", []byte(same))
	if err != nil || s.SHA256() != parseFlags(t).SHA256() {
		t.Errorf("another name is another space (%v)", err)
	}
	for _, change := range [][2]string{{"name: O,", "name: P,"}, {"-O1", "-O0"}, {"[1, 2", "[1, 3"},
		{"large], ordered: true", "large]"}} {
		s, err := genes.Parse("x", []byte(strings.Replace(flags, change[0], change[1], 1)))
		if err != nil || s.SHA256() == parseFlags(t).SHA256() {
			t.Errorf("%v is the same space (%v)", change, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"genes/1", "genes/2", `flags.yaml:1: these genes cannot be used: tailor: is "genes/2", expected genes/1`},
		{"name: flags", "name: ''", "flags.yaml:2: these genes cannot be used: name: is missing"},
		{"[1, 2, 4, 8]", "[1, 4, 2, 8]", "flags.yaml:5: these genes cannot be used: genes[1].choices: are numbers that do not rise"},
		{"[1, 2, 4, 8]", "[]", "flags.yaml:5: these genes cannot be used: genes[1].choices: are 0"},
		{"[1, 2, 4, 8]", "[1, .inf]", "flags.yaml:5: these genes cannot be used: genes[1].choices[1]: is \"+Inf\""},
		{"[1, 2, 4, 8]", "[1, [2]]", "genes[1].choices[1]: is no name or number"},
		{"-O2", "null", "genes[0].choices[1]: is null"},
		{"-O2", "-O1", `genes[0].choices: have "-O1" twice`},
		{"name: unroll", "name: O", `genes[1].name: is "O", expected a name that no other gene has`},
		{"ordered: true", "order: true", "flags.yaml:7: these genes cannot be used: unknown field"},
		{"genes:", "gene:", "unknown field"},
		{flags, "", "is empty"},
		{flags, "tailor: genes/1\nname: x\n", "genes: are 0, expected 1 to 256"},
		{"-O1", `"a\nb"`, "cannot be printed"},
		{"-O1", `" a"`, "blank"},
		{"-O1", strings.Repeat("a", 201), "200"},
	} {
		_, err := genes.Parse("flags.yaml", []byte(strings.Replace(flags, c.from, c.to, 1)))
		if !errors.Is(err, genes.ErrSpace) || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.to, err, c.want)
		}
	}
}

func TestLoadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.yaml")
	if err := os.WriteFile(path, []byte(flags), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := genes.Load(path); err != nil || s.Name != "flags" {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := genes.Load(filepath.Dir(path)); err == nil {
		t.Error("a folder is a space")
	}
}

// FuzzParse: what is taken is within the limits, has a hash, and its choices are found by their
// names.
func FuzzParse(f *testing.F) {
	f.Add([]byte(flags))
	f.Add([]byte("tailor: genes/1\nname: x\ngenes: [{name: a, choices: [1.50, 2e3, true, x]}]"))
	f.Add([]byte("tailor: genes/1\nname: x\ngenes: [{name: &a b, choices: *a}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := genes.Parse("x.yaml", text)
		if err != nil {
			if !errors.Is(err, genes.ErrSpace) {
				t.Errorf("%v is not ErrSpace", err)
			}
			return
		}
		if len(s.SHA256()) != 64 || s.Count().Sign() <= 0 {
			t.Errorf("hash %s, %v configurations", s.SHA256(), s.Count())
		}
		last := make(genes.Configuration, len(s.Genes))
		for i, n := range s.Sizes() {
			last[i] = uint16(n - 1)
		}
		if err := s.Check(last); err != nil || len(s.Named(last)) != len(last) {
			t.Errorf("the last configuration: %v", err)
		}
	})
}
