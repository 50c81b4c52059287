package rules

import (
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// columns is how wide a line may be; a tab counts as four.
const columns = 100

// TestColumns: lines of code, comments and prose fit a screen. What cannot be broken may be longer: a
// string, what stands behind one, the output of an example, a directive, a table or code in Markdown.
func TestColumns(t *testing.T) {
	for _, path := range tracked(t, "*.go", "*.md") {
		text, err := os.ReadFile(filepath.Join("../..", path))
		if err != nil {
			t.Fatal(err)
		}
		free := unbreakable
		if strings.HasSuffix(path, ".go") {
			free = covered
		}
		exempt := free(string(text))
		for i, line := range strings.Split(string(text), "\n") {
			n := wide(line)
			if n > columns && !exempt[i] && !generated(text) && !fixed.MatchString(line) {
				t.Errorf("%s:%d is %d columns wide, expected %d at most", path, i+1, n, columns)
			}
		}
	}
}

// fixed are lines whose form is not ours to choose: directives, and what an example prints.
var fixed = regexp.MustCompile(`^//go:|^\t// no feasible candidate`)

// tracked lists the files of the repository that match.
func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"ls-files"}, patterns...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Skip("the files of the repository cannot be listed: ", err)
	}
	return strings.Fields(string(out))
}

func generated(text []byte) bool { return strings.Contains(string(text), "DO NOT EDIT") }

func wide(line string) int { return len([]rune(line)) + 3*strings.Count(line, "\t") }

// covered says of which lines of Go a string reaches beyond the last column, or is all there is.
func covered(text string) map[int]bool {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, 0)
	lines, free := strings.Split(text, "\n"), map[int]bool{}
	for {
		pos, kind, literal := s.Scan()
		if kind == token.EOF {
			return free
		}
		if kind != token.STRING {
			continue
		}
		at := files.PositionFor(pos, false)
		for i := range strings.Count(literal, "\n") + 1 {
			line := at.Line - 1 + i
			end := len(lines[line])
			if i == 0 && !strings.Contains(literal, "\n") {
				end = at.Column - 1 + len(literal)
			}
			// What stands behind it on its line, such as ": func() {", may go beyond.
			free[line] = free[line] || wide(lines[line][:end]) > columns-16
		}
	}
}

// unbreakable says which lines of Markdown are tables, examples, or one long link.
func unbreakable(text string) map[int]bool {
	free, fenced := map[int]bool{}, false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		word := strings.Contains(line, "](") && strings.Count(line, " ") < 12
		free[i] = fenced || word || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "    ")
	}
	return free
}
