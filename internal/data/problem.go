package data

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/amount"
)

// ProblemsError lists everything that keeps a data set from being opened: damaged files, images of
// formats that are not read, class folders without images. Options.SkipDamaged goes on without
// them.
type ProblemsError struct {
	Path     string
	Problems []error        // in the order of their names
	Kinds    map[string]int // how many there are of files by ending, and of folders without images
	Fatal    error          // what also keeps it from being opened without them, or nil
}

// Error gives one line: how many problems there are, of which kind, and the first.
func (e *ProblemsError) Error() string {
	if len(e.Problems) == 1 && e.Fatal == nil {
		return e.Problems[0].Error() + "; mend or remove it"
	}
	text := fmt.Sprintf("data: %q has %s (%s), the first: %s; ", e.Path, amount.Of(len(e.Problems),
		"problem"), tally(e.Kinds), bare(e.Problems[0]))
	if e.Fatal != nil {
		return text + "and it could not be opened without them: " + bare(e.Fatal)
	}
	return text + "mend or remove them"
}

// Skippable tells whether Options.SkipDamaged would open the data set.
func (e *ProblemsError) Skippable() bool { return e.Fatal == nil }

// shownProblems is how many are listed.
const shownProblems = 50

// List gives a line for each problem.
func (e *ProblemsError) List() (lines []string) {
	for i, p := range e.Problems {
		if i == shownProblems {
			return append(lines, fmt.Sprintf("and %s more", amount.Thousands(len(e.Problems)-i)))
		}
		lines = append(lines, bare(p))
	}
	return lines
}

// bare is an error without what it has in common with the others.
func bare(err error) string { return strings.TrimPrefix(err.Error(), "data: ") }

// Unwrap gives the problems.
func (e *ProblemsError) Unwrap() []error {
	if e.Fatal == nil {
		return e.Problems
	}
	return append(slices.Clip(e.Problems), e.Fatal)
}

// problem is something that a data set can be opened without.
type problem struct {
	name string // of the file or folder, slash-separated
	kind string // of file, as it is counted; empty for a folder
	err  error
}

// damagedImage is a file that has the name of an image, but cannot be decoded. One of another
// format is counted as that.
func damagedImage(at origin, err error) problem {
	kind := "damaged " + kindOf(at.name)
	if _, known := imageName(at.name); !known {
		kind = kindOf(at.name)
	}
	return problem{at.name, kind, err}
}

// kindOf is the ending of a file name, by which files are counted.
func kindOf(name string) string {
	switch kind := strings.ToLower(path.Ext(name)); {
	case kind == "" || kind == ".":
		return "without ending"
	case len(kind) > 9 || strings.ContainsFunc(kind, func(r rune) bool {
		return r <= ' ' ||
			r > '~'
	}):
		return "others"
	default:
		return kind
	}
}

// tally counts files by kind. Beyond maxKinds of them the rest counts as one.
type tally map[string]int

func (t tally) add(kind string) {
	if _, known := t[kind]; !known && len(t) >= maxKinds {
		kind = "others"
	}
	t[kind]++
}

// total is the number of all files.
func (t tally) total() (n int) {
	for _, k := range t {
		n += k
	}
	return n
}

// String lists kinds, the most frequent first.
func (t tally) String() string {
	kinds := slices.SortedFunc(maps.Keys(t),
		func(a, b string) int { return cmp.Or(cmp.Compare(t[b], t[a]), cmp.Compare(a, b)) })
	for i, k := range kinds {
		kinds[i] = amount.Thousands(t[k]) + " " + k
	}
	return strings.Join(kinds, ", ")
}

// check decides what becomes of the problems: an error, or files to go on without. fatal is what
// was found wrong with what is left.
func (f *found) check(skip bool, fatal error) error {
	slices.SortStableFunc(f.problems, func(a, b problem) int { return cmp.Compare(a.name, b.name) })
	if skip || len(f.problems) == 0 {
		return fatal
	}
	kinds := tally{}
	e := &ProblemsError{Path: f.where, Kinds: kinds, Fatal: fatal}
	for _, p := range f.problems {
		kinds.add(cmp.Or(p.kind, "without images"))
		e.Problems = append(e.Problems, p.err)
	}
	if errors.Is(fatal, ErrForm) { // there is nothing left to say what it is
		e.Fatal = nil
	}
	return e
}
