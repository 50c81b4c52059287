package report

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestConfusion has names and counts where there is room, and is refused where a person could not
// read it.
func TestConfusion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confusion.svg")
	if err := Confusion(path, []string{"cat", "dog", "a very long name of a class"},
		[][]int{{17, 3, 0}, {1, 19, 0}, {0, 0, 0}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">cat<", ">dog<", ">17<", ">3<", ">19<", "taken for",
		"a very long nam..."} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	for _, n := range []int{17, 41, 200, 201} {
		names, counts := make([]string, n), make([][]int, n)
		for i := range names {
			names[i], counts[i] = "class"+strconv.Itoa(i), make([]int, n)
			counts[i][i] = i + 1
		}
		err := Confusion(path, names, counts)
		if (err == nil) != (n <= 200) {
			t.Errorf("%d classes: %v", n, err)
		}
		text, _ := os.ReadFile(path)
		if named := strings.Contains(string(text), "class5"); err == nil && named != (n <= 40) {
			t.Errorf("%d classes are named: %v", n, named)
		}
	}
}
