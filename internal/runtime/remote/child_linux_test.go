package remote

import (
	"io"
	"os"
	"testing"
)

// TestParentEnds: an agent that reads nothing ends with the program that started it. It holds a
// pipe open until then.
func TestParentEnds(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	parent := command("parent")
	parent.ExtraFiles = []*os.File{w}
	if text, err := parent.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil { // ends when nobody holds the pipe
		t.Error(err)
	}
}
