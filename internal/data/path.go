package data

import (
	"os"
	"path/filepath"
)

// builtIn is what [Open] takes for its own images.
const builtIn = "synthetic"

// Keep gives the path of data as a file in dir keeps it: from dir, unless it is absolute, so that
// both can move together and do not depend on the folder that a program happens to work in.
func Keep(dir, path string) string {
	if path == "" || path == builtIn || filepath.IsAbs(path) {
		return path
	}
	return fromFolder(dir, path)
}

// KeepFrom is [Keep] of a path that a file in another folder keeps: what that has as absolute stays
// so, and the other way round.
func KeepFrom(dir, other, kept string) string {
	if kept == "" || kept == builtIn || filepath.IsAbs(kept) {
		return kept
	}
	return fromFolder(dir, Resolve(other, kept))
}

// fromFolder is a path as it is from a folder, which may be reached by links: what is beside it
// then is beside the real one.
func fromFolder(dir, path string) string {
	start, err := filepath.Abs(dir)
	if err != nil {
		return path
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	kept, err := filepath.Rel(start, to)
	if err != nil {
		return to
	}
	if real := realPath(start); real != start && !same(filepath.Join(real, kept), to) {
		if other, err := filepath.Rel(real, filepath.Join(realPath(filepath.Dir(to)),
			filepath.Base(to))); err == nil {
			kept = other
		}
	}
	return notBuiltIn(kept)
}

// realPath is a path without links, as far as there is something at it.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(realPath(parent), filepath.Base(path))
	}
	return path
}

// same says whether two paths lead to one file or folder.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// notBuiltIn writes a path so that it is not taken for the built-in images.
func notBuiltIn(path string) string {
	if path == builtIn {
		return "." + string(filepath.Separator) + path
	}
	return path
}

// Resolve gives the path of data, kept by a file in dir, from the working folder. Paths of files
// that were written before paths were kept so are from the working folder of then; what is there
// now is taken, since a hash says whether it is the same.
func Resolve(dir, kept string) string {
	if kept == "" || kept == builtIn || filepath.IsAbs(kept) {
		return kept
	}
	resolved := filepath.Join(dir, kept)
	for _, path := range []string{resolved, filepath.Join(realPath(dir), kept), kept} {
		if _, err := os.Stat(path); err == nil {
			return notBuiltIn(path)
		}
	}
	return notBuiltIn(resolved)
}

// FromHere is a path as people name it: from the working folder where it is inside.
func FromHere(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	inside, err := filepath.Rel(here, path)
	if err != nil || !filepath.IsLocal(inside) {
		return path
	}
	return inside
}
