package textfile

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// parse reads a text into a map.
func parse(text string) (map[string]any, error) {
	y, err := ParseYAML([]byte(text), Limits{Bytes: 1 << 10, Depth: 8})
	if err != nil {
		return nil, err
	}
	var into map[string]any
	return into, y.Decode(&into, true)
}

// TestYAML: what editors and systems do to a text changes nothing.
func TestYAML(t *testing.T) {
	for _, text := range []string{
		"a: [1, 2]\nb:\n  c: 3\n", "\xef\xbb\xbfa: [1, 2]\nb:\n  c: 3\n",
		"a: [1, 2]\r\nb:\r\n  c: 3\r\n", "a: [1, 2]\rb:\r  c: 3\r", "a:\t[1,\t2]\t\nb:\n\tc: 3",
		"\n \t\na: [1, 2]\n\n\nb:\n \tc: 3\n",
		"---\na: [1, 2]\nb:\n  c: 3\n...\n", "%YAML 1.2\n---\na: [1, 2]\nb:\n  c: 3\n",
		"{\"a\": [1, 2],\n\t\"b\": {\"c\": 3}}",
	} {
		y, err := ParseYAML([]byte(text), Limits{Bytes: 1 << 10, Depth: 8})
		var into struct {
			A []int
			B struct{ C int }
		}
		if err == nil {
			err = y.Decode(&into, true)
		}
		if err != nil || !slices.Equal(into.A, []int{1, 2}) || into.B.C != 3 {
			t.Errorf("%q: %+v, %v", text, into, err)
		}
	}
}

// TestYAMLRefuses what would be guessed at, with its line, and without the names of Go's types.
func TestYAMLRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a: 010\n":                   "line 1: a: is 010",
		"a:\n  - 1\n  - -07\n":       "line 3: a[1]: is -07",
		"a: &x 1\nb: *x\n":           "line 2: b: is an alias",
		"a: &x {c: 1}\nb:\n  <<: *x": "is an alias",
		"a: 1\n---\nb: 2\n":          "line 3: begins a second document",
		"a: 1\nb: 2\na: 3\n":         `line 3: mapping key "a" already defined`,
		"a: [\n":                     "line 1: ",
		"\xff\xfea\x00":              "is UTF-16",
	} {
		_, err := parse(text)
		var e *YAMLError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"n: many":                 `line 1: has "many" where a whole number is expected`,
		"n: 1e400":                `line 1: has "1e400" where a whole number is expected`,
		"n: NaN":                  `line 1: has "NaN" where a whole number is expected`,
		"f: fast":                 `line 1: has "fast" where a number is expected`,
		"f: 1e400":                `line 1: has "1e400" where a number is expected`,
		"l: 5":                    `where sequence is expected`,
		"n: 99999999999999999999": `where a whole number is expected`,
	} {
		y, err := ParseYAML([]byte(text), Limits{Bytes: 1 << 10, Depth: 8})
		var into struct {
			N int
			F *float64
			L []int
		}
		if err == nil {
			err = y.Decode(&into, true)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
