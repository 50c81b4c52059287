//go:build unix

package link

import (
	"io"
	"strings"
	"testing"
)

// TestShell: what a command line starts speaks through it, and ends with it.
func TestShell(t *testing.T) {
	l, err := Shell("echo note >&2; cat | cat").Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(l, "hello\n"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 6)
	if _, err := io.ReadFull(l, got); err != nil || string(got) != "hello\n" {
		t.Errorf("%q (%v)", got, err)
	}
	l.Kill()
	if err := l.Wait(); err == nil {
		t.Error("it ended well, expected that it was killed")
	}
	if text := l.Stderr(); text != "note" {
		t.Errorf("it wrote %q", text)
	}
}

// TestTail: of what is written the end is kept, in one line.
func TestTail(t *testing.T) {
	var tail Tail
	for range 100 {
		_, _ = tail.Write([]byte(strings.Repeat("x", 99) + "\n"))
	}
	_, _ = tail.Write([]byte("\xffthe\nend\n"))
	if text := tail.String(); len(text) > 1010 || !strings.HasSuffix(text, "?the end") {
		t.Errorf("%q", text)
	}
}
