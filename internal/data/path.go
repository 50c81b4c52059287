package data

import (
	"os"
	"path/filepath"
)

// builtIn is what [Open] takes for its own images.
const builtIn = "synthetic"

// Keep gives the path of data as a file in dir keeps it: from dir, unless it is absolute, so that both can move together and do not depend on
// the folder that a program happens to work in.
func Keep(dir, path string) string {
	if path == "" || path == builtIn || filepath.IsAbs(path) {
		return path
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return path
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if kept, err := filepath.Rel(from, to); err == nil {
		return notBuiltIn(kept)
	}
	return to
}

// notBuiltIn writes a path so that it is not taken for the built-in images.
func notBuiltIn(path string) string {
	if path == builtIn {
		return "." + string(filepath.Separator) + path
	}
	return path
}

// Resolve gives the path of data, kept by a file in dir, from the working folder. Paths of files that were written before paths were kept so
// are from the working folder of then; what is there now is taken, since a hash says whether it is the same.
func Resolve(dir, kept string) string {
	if kept == "" || kept == builtIn || filepath.IsAbs(kept) {
		return kept
	}
	resolved := filepath.Join(dir, kept)
	if _, err := os.Stat(resolved); err != nil {
		if _, err := os.Stat(kept); err == nil {
			return kept
		}
	}
	return notBuiltIn(resolved)
}
