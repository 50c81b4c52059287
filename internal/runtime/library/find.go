package library

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Library says what to look for.
type Library struct {
	Name     string // for people
	Stem     string // of the file: lib<Stem>.so, lib<Stem>.dylib, <Stem>.dll
	Package  string // the folder in Python's site-packages that has it, with slashes
	Variable string // of the environment, that names the file
	Install  string // the command that installs it
}

// NotFoundError says where a library was looked for.
type NotFoundError struct {
	Library
	Looked []string // folders that exist
}

func (e *NotFoundError) Error() string {
	where := "no folder where Python's packages or libraries are exists"
	if len(e.Looked) > 0 {
		where = "it is not in " + strings.Join(e.Looked, ", ")
	}
	return fmt.Sprintf("%s is not found: %s; install it with: %s; or name its file in %s",
		e.Name, where, e.Install, e.Variable)
}

// Find gives the path of a library: the given one, or what the variable says, or the first that is
// found.
func (l Library) Find(given string) (string, error) {
	if given == "" {
		given = os.Getenv(l.Variable)
	}
	if given != "" {
		info, err := os.Stat(given)
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a folder, expected the library's file", given)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", l.Name, err)
		}
		return filepath.Abs(given)
	}
	return l.look()
}

// look gives the first file that is found.
func (l Library) look() (string, error) {
	missing := &NotFoundError{Library: l}
	for _, place := range l.places() {
		if _, err := os.Stat(place.root); err != nil {
			continue
		}
		dir := filepath.Join(place.root, place.below)
		entries, err := os.ReadDir(dir)
		if name := l.newest(entries); err == nil && name != "" {
			return filepath.Abs(filepath.Join(dir, name))
		}
		missing.Looked = append(missing.Looked, place.root)
	}
	return "", missing
}

// newest is the file of the library in a folder whose name sorts last, as that with the highest
// version mostly does; empty if there is none.
func (l Library) newest(entries []fs.DirEntry) (name string) {
	for _, e := range entries {
		if !e.IsDir() && l.matches(e.Name(), runtime.GOOS) {
			name = max(name, e.Name())
		}
	}
	return name
}

// matches says whether a file's name is that of the library, with a version or without.
func (l Library) matches(name, system string) bool {
	switch system {
	case "windows":
		return strings.EqualFold(name, l.Stem+".dll")
	case "darwin":
		rest, ok := strings.CutPrefix(name, "lib"+l.Stem)
		return ok && strings.HasSuffix(rest, ".dylib") && (rest[0] == '.')
	}
	rest, ok := strings.CutPrefix(name, "lib"+l.Stem+".so")
	return ok && (rest == "" || rest[0] == '.')
}

// place is where a library may be: in a folder below one that is worth naming.
type place struct{ root, below string }

// places are where to look, each once.
func (l Library) places() (all []place) {
	for _, site := range sitePackages() {
		all = append(all, place{site, filepath.FromSlash(l.Package)})
	}
	for _, dir := range systemFolders() {
		all = append(all, place{dir, ""})
	}
	seen := map[place]bool{}
	return slices.DeleteFunc(all, func(p place) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
}
