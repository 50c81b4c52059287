// Package amount writes counts for people.
package amount

import "strconv"

// Thousands writes a count of 0 or more with separators: 1,020.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Of writes a count with its noun: "1 file" or "1,020 files".
func Of(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Thousands(n) + " " + noun
}
