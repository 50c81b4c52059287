package textfile

import (
	"bytes"
	"fmt"
)

// Limits are what a YAML may ask for. Readers of YAML take time and memory that grow with the
// square of how deep a text is nested: 40 kB can take gigabytes.
type Limits struct {
	Bytes int
	Depth int // lists and mappings in each other, by brackets or by indentation
}

// checkBudget refuses a text over the limits. It takes brackets and dashes within quotes and
// comments for real ones, which only very strange texts have enough of.
func checkBudget(text []byte, l Limits) error {
	if len(text) > l.Bytes {
		return &YAMLError{Msg: fmt.Sprintf("it has %d bytes, at most %d are read", len(text),
			l.Bytes)}
	}
	n := nesting{}
	line := 0
	for part := range bytes.Lines(text) {
		line++
		if n.deepest(part) > l.Depth {
			return &YAMLError{Line: line, Msg: fmt.Sprintf("it is nested more than %d deep",
				l.Depth)}
		}
	}
	return nil
}

// nesting is how deep a text is nested so far.
type nesting struct {
	columns  []int // where the open blocks begin
	brackets int
}

// deepest is the greatest depth within a line.
func (n *nesting) deepest(line []byte) (depth int) {
	content := bytes.TrimLeft(line, " \t")
	if len(bytes.TrimSpace(content)) > 0 && n.brackets == 0 {
		n.open(len(line)-len(content), content)
	}
	depth = len(n.columns) + n.brackets
	for _, b := range content {
		switch b {
		case '[', '{':
			n.brackets++
		case ']', '}':
			n.brackets = max(n.brackets-1, 0)
		}
		depth = max(depth, len(n.columns)+n.brackets)
	}
	return depth
}

// open notes the blocks that a line's indentation, and the dashes and question marks that it begins
// with, open and close.
func (n *nesting) open(column int, content []byte) {
	for len(n.columns) > 0 && n.columns[len(n.columns)-1] >= column {
		n.columns = n.columns[:len(n.columns)-1]
	}
	n.columns = append(n.columns, column)
	for len(content) > 1 && (content[0] == '-' || content[0] == '?' || content[0] == ':') &&
		(content[1] == ' ' || content[1] == '\t') {
		rest := bytes.TrimLeft(content[1:], " \t")
		column += len(content) - len(rest)
		n.columns = append(n.columns, column)
		content = rest
	}
}
