package textfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// read gives the values of a text.
func read(text string) (all []string, err error) {
	err = Values(strings.NewReader(text), func(value []byte) error {
		if !json.Valid(value) {
			return fmt.Errorf("no JSON: %.10s", value)
		}
		all = append(all, string(value))
		return nil
	})
	return all, err
}

// TestValues are the same however the text is laid out.
func TestValues(t *testing.T) {
	want := []string{`{"a":1}`, `{"b":[2]}`, `3`}
	for name, text := range map[string]string{
		"lines":           "{\"a\":1}\n{\"b\":[2]}\n3\n",
		"no last newline": "{\"a\":1}\n{\"b\":[2]}\n3",
		"mark":            "\xef\xbb\xbf{\"a\":1}\n{\"b\":[2]}\n3\n",
		"CRLF":            "{\"a\":1}\r\n{\"b\":[2]}\r\n3\r\n",
		"CR":              "\r{\"a\":1}\r{\"b\":[2]}\r\r3\r",
		"joined files":    "\xef\xbb\xbf{\"a\":1}\r\n\xef\xbb\xbf{\"b\":[2]}\n\xef\xbb\xbf3\n\xef\xbb\xbf",
		"blank lines":     "\n \t\n\r\n  {\"a\":1}\t\n\n\n\t{\"b\":[2]}  \n3\n\n",
		"array":           `[{"a":1},{"b":[2]},3]`,
		"array of lines":  "\xef\xbb\xbf\r\n[\r\n\t{\"a\":1},\r\n\t{\"b\":[2]},\r\n\t3\r\n]\r\n",
	} {
		got, err := read(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	for _, text := range []string{"", "\n\n", "\xef\xbb\xbf", "[]", "\xef\xbb\xbf\r\n[ ]\n"} {
		if got, err := read(text); err != nil || got != nil {
			t.Errorf("%q: %q, %v, want nothing", text, got, err)
		}
	}
}

// TestValuesErrors name the line.
func TestValuesErrors(t *testing.T) {
	for _, c := range []struct {
		text, want string
		line       int
	}{
		{"1\n\n{\n", "no JSON", 3},
		{"\n1 2\n", "no JSON", 2},
		{"\r\r\n1\r\r1 2\r", "no JSON", 5},
		{"\n[1,\n2,\n{\"a\": nonsense}]", "invalid character", 4},
		{"[1,\n2\n\n", "ends before", 4},
		{"[1,\n2]\n3", "after the array", 2},
		{"1\n" + strings.Repeat("7", MaxLine+1), "longer than 65536 bytes", 2},
		{"[1,\n\"" + strings.Repeat("7", MaxLine+1) + "\"]", "longer than 65536 bytes", 2},
		{"\xff\xfe[\x00]\x00", "UTF-8", 1},
		{strings.Repeat("[", 100_000), "", 1},
	} {
		_, err := read(c.text)
		var at *LineError
		if !errors.As(err, &at) || at.Line != c.line || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: error %v, want line %d and %q", c.text, err, c.line, c.want)
		}
	}
}

func TestHasMark(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]bool{"\xef\xbb\xbf": true, "\xef\xbb\xbf{}": true,
		"\xef\xbb": false, "": false, "{}  ": false} {
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		if HasMark(path) != want {
			t.Errorf("%q has a mark: %v, want %v", name, !want, want)
		}
	}
	if HasMark(dir) || HasMark(filepath.Join(dir, "none")) {
		t.Error("a folder, or nothing, has a mark")
	}
}

// FuzzValues: what is read as an array is read as lines, too.
func FuzzValues(f *testing.F) {
	f.Add([]byte("{\"a\":1}\r\n\n[2]"))
	f.Add([]byte("\xef\xbb\xbf[1,\n {\"b\": [2]}]"))
	f.Add([]byte("[1,"))
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := read(string(text))
		if err != nil {
			return
		}
		var again []byte
		for _, v := range first {
			var line bytes.Buffer
			if err := json.Compact(&line, []byte(v)); err != nil {
				t.Fatal(err)
			}
			again = append(append(again, line.Bytes()...), '\n')
		}
		if len(first) > 0 && first[0][0] == '[' { // a line that looks like an array of all
			return
		}
		second, err := read(string(again))
		if err != nil || len(first) != len(second) {
			t.Errorf("%q gives %d values, as lines %d (%v)", text, len(first), len(second), err)
		}
	})
}

// TestJSONError: nobody who writes JSON knows the types of a program.
func TestJSONError(t *testing.T) {
	for text, want := range map[string]string{
		`[1]`:          "found array, expected a mapping",
		`{"N": "1"}`:   `"N": found string, expected a number`,
		`{"N": 1e400}`: `"N": found 1e400, expected a number`,
		`{"L": {}}`:    `"L": found object, expected a list`, `{"N": 1`: "ends too early",
		`{"N": x}`: "invalid character",
	} {
		var into struct {
			N *float64
			L []int
		}
		if err := JSONError(json.Unmarshal([]byte(text), &into)); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if JSONError(nil) != nil {
		t.Error("an error of none")
	}
}
