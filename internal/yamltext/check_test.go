package yamltext

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

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int // that is refused, -1 for none
	}{
		"empty":          {"", -1},
		"plain":          {"a: 1\nb:\n  - c: [1, 2, {d: 3}]\n    e: 4\n  - f\n", -1},
		"many":           {strings.Repeat("a:\n  b: [1]\n", 20), -1},
		"long":           {strings.Repeat("# a comment\n", 90), 0},
		"lists":          {"\na: " + strings.Repeat("[", 9), 2},
		"over lines":     {strings.Repeat("[\n", 9), 8},
		"mappings":       {strings.Repeat("{a: ", 9), 1},
		"closed":         {strings.Repeat("[", 7) + strings.Repeat("]", 7) + strings.Repeat("[", 7), -1},
		"dashes":         {strings.Repeat("- ", 9) + "a", 1},
		"keys":           {strings.Repeat("? ", 9) + "a", 1},
		"tabs":           {strings.Repeat("-\t", 9) + "a", 1},
		"eight":          {ladder(8), -1},
		"nine":           {ladder(9), 9},
		"blank":          {ladder(8) + strings.Repeat(" ", 20) + "\n", -1},
		"block and flow": {ladder(5) + "     b: [[[[", 6},
	} {
		err := Check([]byte(c.text), Limits{Bytes: 1000, Depth: 8})
		var e *Error
		switch {
		case err == nil:
			e = &Error{Line: -1}
		case !errors.As(err, &e):
			t.Fatal(err)
		}
		if e.Line != c.line {
			t.Errorf("%s: %v at line %d, want %d", name, err, e.Line, c.line)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("a: [{b: - c}]\n\t- ? :\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_ = Check(text, Limits{Bytes: 1 << 16, Depth: 20}) // which must not panic
	})
}
