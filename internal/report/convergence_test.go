package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var lines = []Line{
	{"search", "5 ms", []Point{{1, 0.5}, {20, 0.7}, {400, 0.71}}},
	{"random", "5 ms", []Point{{3, 0.4}, {400, 0.6}}},
	{"nothing", "5 ms", nil},
}

// TestConvergenceSVG is well-formed, and the same every time.
func TestConvergenceSVG(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plot.svg")
	var first []byte
	for range 2 {
		if err := Convergence(path, lines); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(text))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{"5 ms search", "5 ms random", "best predicted top-1"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("the plot does not say %q", want)
			}
		}
		if first != nil && !bytes.Equal(first, text) {
			t.Error("two plots of the same lines differ")
		}
		first = text
	}
}

func TestConvergencePNG(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plot.PNG")
	if err := Convergence(path, lines); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
}

func TestConvergenceRefusesFormats(t *testing.T) {
	for _, name := range []string{"plot", "plot.gif", "plot.", ".s"} {
		path := filepath.Join(t.TempDir(), name)
		if err := Convergence(path, lines); err == nil || !strings.Contains(err.Error(), ".svg") {
			t.Errorf("%s: %v, want an error that names the formats", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}
