package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/supernet"
)

// tableWidth is what tables fit into, and cellWidth what is left of a long cell where they would
// not.
const (
	tableWidth = 100
	cellWidth  = 30
)

// table is rows of cells that are printed in columns two spaces apart. Where it would be too wide,
// long cells lose their middle but for those of the last column, and if that is not enough what is
// in the last columns stands on lines of its own, below each row.
type table struct {
	headings int  // rows that are headings
	right    bool // columns are aligned to the right
	rows     [][]string
}

// row adds one. Names in cells are from files: they keep to their line.
func (t *table) row(cells ...string) {
	line := make([]string, len(cells))
	for i, c := range cells {
		line[i] = inOneLine(c)
	}
	t.rows = append(t.rows, line)
}

// dropEmpty leaves out columns that say nothing: no cell below the headings is anything but one of
// these.
func (t *table) dropEmpty(empty ...string) {
	if len(t.rows) == 0 {
		return
	}
	for c := len(t.rows[0]) - 1; c >= 0; c-- {
		if slices.ContainsFunc(t.rows[t.headings:],
			func(row []string) bool { return !slices.Contains(empty, row[c]) }) {
			continue
		}
		for r := range t.rows {
			t.rows[r] = slices.Delete(t.rows[r], c, c+1)
		}
	}
}

func (t *table) print(w io.Writer) {
	if total(t.widths()) > tableWidth {
		t.shorten()
	}
	widths := t.widths()
	columns := len(widths)
	for columns > 1 && total(widths[:columns]) > tableWidth {
		columns--
	}
	for _, row := range t.rows {
		var line strings.Builder
		for c := range min(columns, len(row)) {
			gap := strings.Repeat(" ", widths[c]-utf8.RuneCountInString(row[c]))
			if c > 0 {
				line.WriteString("  ")
			}
			if t.right {
				line.WriteString(gap + row[c])
			} else {
				line.WriteString(row[c] + gap)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
		for _, below := range row[min(columns, len(row)):] {
			if below != "" {
				fmt.Fprintln(w, "    "+below)
			}
		}
	}
}

func (t *table) shorten() {
	for _, row := range t.rows {
		for c := range len(row) - 1 {
			row[c] = withoutMiddle(row[c], cellWidth)
		}
	}
}

// withoutMiddle cuts a text to so many characters.
func withoutMiddle(text string, most int) string {
	const gap = "..."
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	end := (most - len(gap)) / 3
	return string(r[:most-len(gap)-end]) + gap + string(r[len(r)-end:])
}

func (t *table) widths() (widths []int) {
	for _, row := range t.rows {
		for c, cell := range row {
			if c == len(widths) {
				widths = append(widths, 0)
			}
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func total(widths []int) (n int) {
	for _, w := range widths {
		n += w + 2
	}
	return n - 2
}

// archText writes an arch for people: resolution, depths, and the kernel sizes and expand ratios of
// the blocks that are there.
func archText(s supernet.Spec) string {
	return fmt.Sprintf("r=%s d=%s ks=%s e=%s", joined(s.R), joined(s.D), joined(s.KS), joined(s.E))
}

// joined writes numbers that are not 0, without space between them where each has one digit.
func joined[T int | float64](all []T) string {
	var parts []string
	separator := ""
	for _, v := range all {
		if v == 0 {
			continue
		}
		text := strconv.FormatFloat(float64(v), 'g', -1, 64)
		if len(text) > 1 {
			separator = ","
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, separator)
}
