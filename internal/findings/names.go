package findings

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tailor-nas/tailor/search/manifest"
)

// trainingDir is the folder in which pruning and fine-tuning keep their run.
const trainingDir = "training"

// maxParts is how many folders a name has at most.
const maxParts = 4

// longNumber is a number with more digits than anybody reads, as a budget may have in a name.
var longNumber = regexp.MustCompile(`(\.\d{4})\d{3,}`)

// nameWinners calls each manifest by its folder.
func (l *library) nameWinners() {
	var paths []string
	for _, m := range l.manifests {
		paths = append(paths, m.path)
	}
	l.names = toldApart(paths)
}

// toldApart calls each file by its folder, or by as many of its last folders as tell it from all
// others.
func toldApart(paths []string) map[string]string {
	names := map[string]string{}
	for parts := 1; parts <= maxParts; parts++ {
		count := map[string]int{}
		for _, path := range paths {
			count[lastFolders(path, parts)]++
		}
		for _, path := range paths {
			if name := lastFolders(path, parts); names[path] == "" &&
				(count[name] == 1 || parts == maxParts) {
				names[path] = name
			}
		}
	}
	return names
}

// lastFolders are the last folders of a file's path; those in which pruning puts its network and
// its training do not count.
func lastFolders(path string, parts int) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	dir := filepath.Dir(path)
	if name := filepath.Base(dir); name == manifest.NetworkDir || name == trainingDir {
		dir = filepath.Dir(dir)
	}
	words := strings.Split(filepath.ToSlash(dir), "/")
	name := strings.Join(words[max(0, len(words)-parts):], "/")
	return longNumber.ReplaceAllString(name, "$1…")
}
