package textfile

import "bytes"

// YAML makes a text what a reader of YAML takes: without a byte order mark, blank lines empty, and tabs that lines are indented by, which YAML
// forbids, two spaces each. Lines keep their numbers.
func YAML(text []byte) ([]byte, error) {
	text, err := Trim(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		content := bytes.TrimLeft(line, "\t")
		if blank := bytes.TrimSpace(line); len(blank) == 0 {
			content = line[len(bytes.TrimRight(line, "\r\n")):]
		} else {
			out.Write(bytes.Repeat([]byte("  "), len(line)-len(content)))
		}
		out.Write(content)
	}
	return out.Bytes(), nil
}
