package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxFiles is how many Go files but for tests a package may have that does not say why it is one
// room.
const maxFiles = 20

// oneRoom begins the sentence that says so.
const oneRoom = "It is one room because"

// TestSizes: a package is small, or its doc.go says why it is not cut.
func TestSizes(t *testing.T) {
	files := map[string]int{}
	for path := range sources(t) {
		files[filepath.Dir(path)]++
	}
	for dir, n := range files {
		doc, err := os.ReadFile(filepath.Join("../..", dir, "doc.go"))
		if n > maxFiles && (err != nil || !strings.Contains(unwrapped(doc), oneRoom)) {
			t.Errorf("%s has %d files, more than %d, and no doc.go with a sentence that begins with %q: "+
				"cut it, or say there why not", dir, n, maxFiles, oneRoom)
		}
	}
}

// unwrapped is a comment on one line.
func unwrapped(comment []byte) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(string(comment), "//", " ")), " ")
}
