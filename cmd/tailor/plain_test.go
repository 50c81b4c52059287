package main

import (
	"bytes"
	"io"
	"testing"
)

// TestInOneLine: what a terminal would obey is written out, and what people read is not.
func TestInOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"cat":                         "cat",
		"Zürich, 猫, نمر, \"x\", a\\b": "Zürich, 猫, نمر, \"x\", a\\b",
		"می\u200cخواهم":               "می\u200cخواهم",             // a joiner of Persian
		"👩\u200d🔬":                    "👩\u200d🔬",                  // and one of emoji
		"\x1b[31mred":                 `\x1b[31mred`,               // colour
		"a\nb\rc\td\x00":              `a\nb\rc\td\x00`,            // lines
		"cat\u202egpj.exe":            `cat\u202egpj.exe`,          // right to left
		"\u2066x\u2069\u200f":         `\u2066x\u2069\u200f`,       // isolates, a mark
		"a\u2028b\ufeff\u00ad":        `a\u2028b\ufeff\u00ad`,      // other ends of lines, unseen
		"bad\xff\xc3 \ufffd":          `bad\xff\xc3 ` + "\ufffd",   // no UTF-8
		"\u009b31m\u2029\U000e0041":   `\u009b31m\u2029\U000e0041`, // C1 controls, tags
	} {
		if got := inOneLine(text); got != want {
			t.Errorf("%q became %q, expected %q", text, got, want)
		}
	}
}

// TestPlainResults: the lines of results stay, and nothing in them turns or ends one.
func TestPlainResults(t *testing.T) {
	var out bytes.Buffer
	g := Globals{stdout: &out}
	err := g.result(nil, func(w io.Writer) {
		table := &table{}
		table.row("one\ntwo", "\u202ethree")
		table.print(w)
		_, _ = io.WriteString(w, "wrote \x1b]0;x\x07\n")
	})
	if want := "one\\ntwo  \\u202ethree\nwrote \\x1b]0;x\\a\n"; err != nil || out.String() != want {
		t.Errorf("%q (%v), expected %q", out.String(), err, want)
	}
}
