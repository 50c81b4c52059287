package main

import (
	"io"

	"github.com/tailor-nas/tailor/internal/visible"
)

// Names of files, classes and networks come from others, and may hold what a terminal obeys rather
// than shows. All text for people goes through inOneLine or a plainWriter, which write that out.

// inOneLine writes out characters that are not for people, so that a text stays one line.
func inOneLine(text string) string { return visible.Text(text, "") }

// plainWriter writes text of any number of lines. Each Write gives whole characters.
type plainWriter struct{ w io.Writer }

func (p plainWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.w, visible.Text(string(text), "\n\t")); err != nil {
		return 0, err
	}
	return len(text), nil
}
