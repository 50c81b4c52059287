package main

import (
	"bytes"
	"io"
	"testing"
)

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
