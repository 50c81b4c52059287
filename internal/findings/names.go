package findings

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tailor-nas/tailor/search/manifest"
)

// maxParts is how many folders a name has at most.
const maxParts = 4

// longNumber is a number with more digits than anybody reads, as a budget may have in a name.
var longNumber = regexp.MustCompile(`(\.\d{4})\d{3,}`)

// nameWinners calls each manifest by its folder, or by as many of its last folders as tell it from
// all others.
func (l *library) nameWinners() {
	l.names = map[string]string{}
	for parts := 1; parts <= maxParts; parts++ {
		count := map[string]int{}
		for _, m := range l.manifests {
			count[lastFolders(m.path, parts)]++
		}
		for _, m := range l.manifests {
			if name := lastFolders(m.path, parts); l.names[m.path] == "" &&
				(count[name] == 1 || parts == maxParts) {
				l.names[m.path] = name
			}
		}
	}
}

// lastFolders are the last folders of a manifest's path; the one in which pruning puts its network
// does not count.
func lastFolders(path string, parts int) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	dir := filepath.Dir(path)
	if filepath.Base(dir) == manifest.NetworkDir {
		dir = filepath.Dir(dir)
	}
	words := strings.Split(filepath.ToSlash(dir), "/")
	name := strings.Join(words[max(0, len(words)-parts):], "/")
	return longNumber.ReplaceAllString(name, "$1…")
}
