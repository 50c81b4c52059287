// Package suggest finds the name that somebody meant.
package suggest

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
