package textfile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func ladder(n int) (text string) {
	for i := range n {
		text += fmt.Sprintf("%sa:\n", strings.Repeat(" ", i))
	}
	return text
}

func TestBudget(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int // that is refused, -1 for none
	}{
		"empty":      {"", -1},
		"plain":      {"a: 1\nb:\n  - c: [1, 2, {d: 3}]\n    e: 4\n  - f\n", -1},
		"many":       {strings.Repeat("a:\n  b: [1]\n", 20), -1},
		"long":       {strings.Repeat("# a comment\n", 90), 0},
		"lists":      {"\na: " + strings.Repeat("[", 9), 2},
		"over lines": {strings.Repeat("[\n", 9), 8},
		"mappings":   {strings.Repeat("{a: ", 9), 1},
		"closed": {strings.Repeat("[", 7) + strings.Repeat("]", 7) + strings.Repeat("[", 7),
			-1},
		"dashes":         {strings.Repeat("- ", 9) + "a", 1},
		"keys":           {strings.Repeat("? ", 9) + "a", 1},
		"tabs":           {strings.Repeat("-\t", 9) + "a", 1},
		"eight":          {ladder(8), -1},
		"nine":           {ladder(9), 9},
		"blank":          {ladder(8) + strings.Repeat(" ", 20) + "\n", -1},
		"block and flow": {ladder(5) + "     b: [[[[", 6},
	} {
		err := checkBudget([]byte(c.text), Limits{Bytes: 1000, Depth: 8})
		var e *YAMLError
		switch {
		case err == nil:
			e = &YAMLError{Line: -1}
		case !errors.As(err, &e):
			t.Fatal(err)
		}
		if e.Line != c.line {
			t.Errorf("%s: %v at line %d, want %d", name, err, e.Line, c.line)
		}
	}
}

func FuzzYAML(f *testing.F) {
	for _, text := range []string{"a: [{b: - c}]\n\t- ? :\n", "a: &b 010\nc: *b\n",
		"%YAML 1.2\n---\na: [1,\t2]\n---\nb", "\xef\xbb\xbfa: .nan\r\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		y, err := ParseYAML(text, Limits{Bytes: 1 << 16, Depth: 20})
		var into map[string]any
		if err == nil {
			y.Numbers(func(Number) {})
			err = y.Decode(&into, true)
		}
		var e *YAMLError
		if err != nil && (!errors.As(err, &e) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%v, want one line of a YAMLError", err)
		}
	})
}
