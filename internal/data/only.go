package data

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/internal/textfile"
)

// maxOnly bounds a file of class names.
const maxOnly = 1 << 22

// LoadClasses reads names of classes from a file, one a line; blank lines do not count. Their order
// is that of the labels.
func LoadClasses(file string) ([]string, error) {
	text, err := readCapped(file, maxOnly)
	if err != nil {
		return nil, err
	}
	if text, err = textfile.Trim(text); err != nil {
		return nil, fmt.Errorf("data: %q: %w", file, err)
	}
	var names []string
	seen := map[string]int{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		name := strings.TrimSpace(line)
		switch before, twice := seen[name]; {
		case name == "":
			continue
		case !utf8.ValidString(name):
			return nil, fmt.Errorf("data: %s:%d: the name %q is not UTF-8", file, number, name)
		case twice:
			return nil, fmt.Errorf("data: %s:%d: class %q was in line %d already", file, number,
				name, before)
		}
		seen[name] = number
		names = append(names, name)
	}
	if len(names) < 2 {
		return nil, fmt.Errorf("data: %q names %d classes, expected 2 or more, one a line", file,
			len(names))
	}
	return names, checkOnly(names)
}

// checkOnly checks Options.Only.
func checkOnly(names []string) error {
	switch sorted := slices.Sorted(slices.Values(names)); {
	case names == nil:
		return nil
	case len(names) < 2 || len(names) > maxClasses:
		return fmt.Errorf("data: Options.Only has %d classes: want 2 to %d", len(names), maxClasses)
	case len(slices.Compact(sorted)) < len(names):
		return fmt.Errorf("data: Options.Only has a class twice")
	}
	return nil
}

// only is a set of class names, nil for all classes.
type only map[string]bool

func (o Options) only() only {
	if o.Only == nil {
		return nil
	}
	names := only{}
	for _, n := range o.Only {
		names[n] = true
	}
	return names
}

// wants says whether an image may be of one of the classes: a folder that it lies in is called so,
// or its class is known from a list. What else lies there is not decoded.
func (o only) wants(name, listed string) bool {
	if o == nil || o[listed] {
		return true
	}
	for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if o[path.Base(dir)] {
			return true
		}
	}
	return false
}

// loadOnly is load of the classes that are asked for.
func loadOnly(path string, o Options, lim limits) (*source, error) {
	s, err := load(path, o, lim)
	if err != nil || o.Only == nil {
		return s, err
	}
	return s, s.restrict(path, o)
}

// restrict leaves the classes that are asked for, numbered in their order.
func (s *source) restrict(path string, o Options) error {
	labels := make([]int32, len(s.classes)) // by the source's own; -1 for those to leave out
	for i, c := range s.classes {
		labels[i] = int32(slices.Index(o.Only, c))
	}
	for _, name := range o.Only {
		if !slices.Contains(s.classes, name) && !o.forTest {
			return noClass(path, name, s.classes)
		}
	}
	if slices.Equal(s.classes, o.Only) {
		return nil
	}
	s.classes, s.mean, s.std = o.Only, nil, nil
	for _, set := range []*Set{&s.train, &s.val, &s.test} {
		if *set != nil {
			*set = restricted(*set, labels)
		}
	}
	return nil
}

// noClass is the error about a class without images.
func noClass(path, name string, classes []string) error {
	return fmt.Errorf("data: %q has no images of class %q, which --classes names; there are %s", path,
		name, someOf(classes))
}

// restricted is the images of a set whose new label is not -1.
func restricted(s Set, labels []int32) Set {
	index := []int32{}
	for i := range s.Len() {
		if labels[s.Label(i)] >= 0 {
			index = append(index, int32(i))
		}
	}
	return &relabelled{pick(s, index), labels}
}
