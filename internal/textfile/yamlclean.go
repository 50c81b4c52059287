package textfile

import (
	"bytes"
	"strings"
)

// cleanYAML makes a text what a reader of YAML takes: without a byte order mark, with blank lines
// empty, and without tabs, which YAML forbids in many places: two spaces for one that a line is
// indented by, one space elsewhere, but for lines with quotes. Lines keep their numbers.
func cleanYAML(text []byte) ([]byte, error) {
	text, err := Trim(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		content := bytes.TrimLeft(line, " \t")
		indent := string(line[:len(line)-len(content)])
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			content = line[len(bytes.TrimRight(line, "\r\n")):]
		case bytes.ContainsAny(content, `"'`):
			out.WriteString(strings.ReplaceAll(indent, "\t", "  "))
		default:
			out.WriteString(strings.ReplaceAll(indent, "\t", "  "))
			content = bytes.ReplaceAll(content, []byte("\t"), []byte(" "))
		}
		out.Write(content)
	}
	return out.Bytes(), nil
}
