package visible_test

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/visible"
)

// TestText: what is obeyed is written out, and what people read is not.
func TestText(t *testing.T) {
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
		if got := visible.Text(text, ""); got != want || visible.Plain(text) != (text == want) {
			t.Errorf("%q became %q, expected %q", text, got, want)
		}
	}
	if got := visible.Text("a\n\tb\r", "\n\t"); got != "a\n\tb\\r" {
		t.Errorf("what is to be kept became %q", got)
	}
}
