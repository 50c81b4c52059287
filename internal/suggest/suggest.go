// Package suggest finds the name that somebody meant.
package suggest

import (
	"fmt"
	"strings"
)

// Nearest is the name that differs least from what was written, counted in letters that are
// missing, added, another or exchanged with their neighbour; of equal ones the first. It is empty
// where none is near: more than a third of the letters, and one, would differ.
func Nearest(written string, names []string) string {
	nearest, least := "", len([]rune(written))/3+1
	for _, name := range names {
		if d := distance([]rune(written), []rune(name)); d < least || d == least && nearest == "" {
			nearest, least = name, d
		}
	}
	return nearest
}

// distance is the number of such changes (optimal string alignment; Boytsov, ACM JEA 16, 2011).
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			other := 1
			if a[i] == b[j] {
				other = 0
			}
			row[j+1] = min(last[j]+other, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// UnknownError says that a word is none of the names of something.
type UnknownError struct {
	Kind  string   // what has the names: "space"
	Word  string   // what was written
	Known []string // the names
	// Hint says what was meant, perhaps; empty for the nearest name.
	Hint string
}

func (e *UnknownError) Error() string {
	hint := e.Hint
	if near := Nearest(e.Word, e.Known); hint == "" && near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	if hint != "" {
		hint = " (" + hint + ")"
	}
	return fmt.Sprintf("no %s is called %.40q%s; use one of %s, or the path of a .yaml file",
		e.Kind, e.Word, hint, strings.Join(e.Known, ", "))
}
