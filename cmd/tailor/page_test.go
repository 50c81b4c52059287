package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWithPage: the page is there while the work goes on, loads itself then, and says in the end
// how the work went.
func TestWithPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.html")
	read := func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, fault := range []error{nil, errors.New("out of <paper>")} {
		var g Globals
		var stderr bytes.Buffer
		g.start(&bytes.Buffer{}, &stderr)
		err := g.withPage(t.Context(), path, []string{"", "missing"}, func() error {
			if text := read(); !strings.Contains(text, `http-equiv="refresh"`) ||
				!strings.Contains(text, "At work: begins, 0 %") {
				t.Error("at the beginning the page does not say so")
			}
			g.page.next = g.page.next.AddDate(-1, 0, 0) // as if it had been written long ago
			g.progress("sew", 1, 4)
			if !strings.Contains(read(), "At work: sew, 25 %") {
				t.Error("meanwhile the page does not say how far the work is")
			}
			g.progress("sew", 2, 4)
			if strings.Contains(read(), "50 %") {
				t.Error("the page is written again at once")
			}
			return fault
		})
		text := read()
		if !errors.Is(err, fault) || strings.Contains(text, `http-equiv="refresh"`) ||
			strings.Contains(text, "out of &lt;paper&gt;") != (fault != nil) {
			t.Errorf("%v ends with %v", fault, err)
		}
	}
}

// TestWithPageThatCannotBe: a page that cannot be written stops no work, and is an error when all
// is done.
func TestWithPageThatCannotBe(t *testing.T) {
	var g Globals
	var stderr bytes.Buffer
	g.start(&bytes.Buffer{}, &stderr)
	worked := false
	err := g.withPage(t.Context(), filepath.Join(t.TempDir(), "none", "page.html"), nil,
		func() error { worked = true; return nil })
	if err == nil || !worked || !strings.Contains(stderr.String(), "the page is not written") {
		t.Errorf("worked: %v, %v, %s", worked, err, &stderr)
	}
}
