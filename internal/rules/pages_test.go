package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// linked is the target of a link in a page: ](target) or ](target#heading).
	linked = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	// fenced is a block of code in a page, in which nothing is a link.
	fenced = regexp.MustCompile("(?ms)^```.*?^```$")
)

// TestLinks: what the pages link to within the repository is there.
func TestLinks(t *testing.T) {
	seen := 0
	patterns := []string{"*.md", "docs/*.md", "docs/results/*.md", "tools/*/*.md",
		"tools/bench/*/*.md"}
	for _, pattern := range patterns {
		pages, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			seen += checkLinks(t, page)
		}
	}
	if seen < 50 {
		t.Errorf("the pages have %d links within the repository", seen)
	}
}

// checkLinks gives how many links of a page lead to files.
func checkLinks(t *testing.T, page string) (n int) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range linked.FindAllSubmatch(fenced.ReplaceAll(text, nil), -1) {
		target := string(m[1])
		if strings.Contains(target, "://") {
			continue
		}
		n++
		if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
			t.Errorf("%s links to %s, which is not there", page, target)
		}
	}
	return n
}

// TestArchitecture: docs/architecture.md says what every room is for.
func TestArchitecture(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rooms, found := strings.Cut(string(page), "\n## The rooms\n")
	rooms, _, ended := strings.Cut(rooms, "\n## ")
	if !found || !ended {
		t.Fatal("docs/architecture.md has no section on the rooms with one behind it")
	}
	for name := range mayImport {
		room := regexp.MustCompile(`\*\*\[?` + regexp.QuoteMeta(name) + `[\]*]`)
		if !strings.HasPrefix(name, "tools/") && !room.MatchString(rooms) {
			t.Errorf("docs/architecture.md does not say what %s is for", name)
		}
	}
}
