package predictor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/supernet"
)

func tiny(t testing.TB) *supernet.Space {
	t.Helper()
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const goodLine = `{"arch": {"ks": 3, "e": [2, 3, 4, 2, 3, 4], "d": [1, 2, 1], "r": [24]}, "value": 0.5}`

func TestReadSamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.jsonl")
	text := goodLine + "\n\r\n\n" +
		`{"value": 0.25, "note": "ours", "arch": {"ks": [5, 5, 5, 5, 5, 5], "e": 4, "d": 2, "r": 32, "wid": null}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := tiny(t)
	samples, err := ReadSamples(path, s)
	if err != nil || len(samples) != 2 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	if a, err := s.Arch(samples[1].Arch); err != nil || a != s.Max() || samples[1].Value != 0.25 ||
		samples[0].Value != 0.5 {
		t.Errorf("got %+v, %v", samples, err)
	}
}

// TestReadSamplesOfOtherPrograms: a byte order mark, an array, blanks and line ends of other
// systems.
func TestReadSamplesOfOtherPrograms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	other := strings.Replace(goodLine, "0.5", "0.25", 1)
	for _, text := range []string{
		"\xef\xbb\xbf" + goodLine + "\r\n\t\r\n\t" + other + "\r\n",
		"[" + goodLine + "," + other + "]",
		"\xef\xbb\xbf\n[\n  " + goodLine + ",\n  " + other + "\n]\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		samples, err := ReadSamples(path, tiny(t))
		if err != nil || len(samples) != 2 || samples[0].Value != 0.5 || samples[1].Value != 0.25 {
			t.Errorf("%.20q: %+v, %v", text, samples, err)
		}
	}
}

func TestReadSamplesErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {"\n\n", "s.jsonl: holds no samples"},
		"no JSON":       {goodLine + "\n\nnonsense", "s.jsonl:3: invalid character"},
		"two in a line": {goodLine + goodLine, "s.jsonl:1: invalid character"},
		"no arch":       {`{"value": 1}`, `s.jsonl:1: "arch" is missing`},
		"no value": {strings.Replace(goodLine, `"value"`, `"acc"`, 1),
			`s.jsonl:1: "value" is missing`},
		"text value": {strings.Replace(goodLine, "0.5", `"0.5"`, 1),
			`s.jsonl:1: "value": found string, expected a number`},
		"infinite": {strings.Replace(goodLine, "0.5", "1e999", 1),
			`s.jsonl:1: "value": found 1e999, expected a number`},
		"other space": {strings.Replace(goodLine, "24", "25", 1),
			"s.jsonl:1: arch does not fit the space mbv3-tiny: resolution 25"},
		"unknown gene": {strings.Replace(goodLine, "ks", "kz", 1),
			"s.jsonl:1: json: unknown field"},
		"long line": {goodLine + "\n" + strings.Repeat(" ", textfile.MaxLine) + goodLine,
			"s.jsonl:2: line is longer than 65536 bytes"},
	} {
		path := filepath.Join(t.TempDir(), "s.jsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadSamples(path, tiny(t))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(),
			"\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := ReadSamples(filepath.Join(t.TempDir(), "none"), tiny(t)); !errors.Is(err,
		fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ReadSamples(t.TempDir(), tiny(t)); err == nil || !strings.Contains(err.Error(),
		"not a regular file") {
		t.Errorf("folder: %v", err)
	}
}

func TestTooManySamples(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 12 MB")
	}
	r := &repeated{line: goodLine + "\n", left: maxSamples + 1}
	if _, err := parseSamples("s", r, tiny(t), func(float64) error { return nil }); err == nil ||
		!strings.Contains(err.Error(), "s:131073: more than 131072 samples") {
		t.Errorf("error %v", err)
	}
}

type repeated struct {
	line string
	left int
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		r.rest = r.line
		r.left--
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestDistinctAverages(t *testing.T) {
	s := tiny(t)
	small, large := s.Spec(s.Min()), s.Spec(s.Max())
	loose := small
	loose.KS = []int{3, 5, 3, 5, 3, 5} // depth 1: the fives do not matter
	m, err := distinct(s, []Sample{{small, 0.1}, {large, 0.9}, {loose, 0.3}, {small, 0.2}})
	if err != nil || len(m.archs) != 2 || m.archs[0] != s.Min() || m.archs[1] != s.Max() {
		t.Fatalf("got %+v, %v", m, err)
	}
	if !near(m.values[0], 0.2, 1e-12) || m.values[1] != 0.9 {
		t.Errorf("values %v", m.values)
	}
	if _, err := distinct(s, []Sample{{small, 0.1}, {}}); err == nil ||
		!strings.Contains(err.Error(), "sample 2: arch does not fit") {
		t.Errorf("error %v", err)
	}
}

func FuzzSamples(f *testing.F) {
	f.Add([]byte(goodLine))
	f.Add([]byte(goodLine + "\n" + goodLine + "\r\n\n"))
	f.Add([]byte(`{"arch": {"d": 255, "ks": 1e9, "e": [], "r": -1}, "value": -0}`))
	f.Add([]byte("{\"arch\": null}\x00"))
	s := tiny(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		samples, err := parseSamples("f", strings.NewReader(string(text)), s,
			func(float64) error { return nil })
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
			return
		}
		m, err := distinct(s, samples)
		if err != nil {
			t.Fatalf("read, but not usable: %v", err)
		}
		for _, a := range m.archs {
			if err := s.Check(a); err != nil {
				t.Error(err)
			}
		}
	})
}
