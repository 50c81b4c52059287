package data

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
)

// part is what some of the images are for.
type part string

// The parts of a data set.
const (
	train part = "train"
	val   part = "val"
	test  part = "test"
)

// partOf tells the names that the folder of a part may have, in any case; "" for others.
func partOf(folder string) part {
	switch strings.ToLower(folder) {
	case "train", "training":
		return train
	case "val", "valid", "validation", "eval", "evaluation":
		return val
	case "test", "testing":
		return test
	}
	return ""
}

// splitName is how the content hash calls a part: the same for every name, but for validation,
// which it has always told from val.
func splitName(folder string) string {
	if folder == "validation" {
		return folder
	}
	return string(partOf(folder))
}

// findParts tells whether there are parts, and refuses folders that could be parts or classes.
func (d *division) findParts(f *found) error {
	var classes []string    // folders at the top that are no parts
	direct, stray := "", "" // a part that images lie directly in, and one of them
	for _, p := range f.pictures {
		folder, rest, nested := strings.Cut(p.name[len(d.lead):], "/")
		is := partOf(folder)
		switch {
		case !nested || is == "":
			classes = append(classes, folder)
			continue
		case !strings.Contains(rest, "/") && (is == train || f.listing == nil):
			direct, stray = folder, path.Base(p.name)
		}
		if other, ok := d.folders[is]; ok && other != folder {
			return fmt.Errorf("data: %q has both %s/ and %s/, two names of one part: rename or remove one", f.where, d.lead+other, d.lead+folder)
		}
		d.folders[is], d.parted = folder, true
	}
	classes = slices.Compact(slices.Sorted(slices.Values(classes)))
	names := strings.Join(slices.Sorted(maps.Values(d.folders)), "/, ") + "/"
	switch {
	case d.parted && len(classes) > 0:
		return fmt.Errorf("data: %q: %s was taken for a part of the data set, but %q lies beside it: if it is a class, give it another name, such as %q; "+
			"if it is a part, let only parts lie there, with images at train/CLASS/file", f.where,
			names, classes[0], aPart(d.folders)+"-class")
	case direct != "":
		return fmt.Errorf("data: %q: %s/ was taken for a part of the data set, but has images without a class folder, such as %q: move them to %s/CLASS/file; if it is a class, give it another name, "+
			"such as %q", f.where, direct, stray, direct, direct+"-class")
	case d.parted && d.folders[train] == "" && !d.forTest:
		return fmt.Errorf("data: %q has %s but no train/: name the folder of training images train, with images at train/CLASS/file", f.where, names)
	case !d.parted && allLikeParts(classes):
		return fmt.Errorf("data: %q: the only folders with images are %q, which look like parts of a data set, not like classes: name them train, test and val, with images at train/CLASS/file",
			f.where, classes)
	}
	return nil
}

// aPart names one of the parts' folders, train if it is there.
func aPart(folders map[part]string) string {
	for _, p := range []part{train, val, test} {
		if f := folders[p]; f != "" {
			return f
		}
	}
	return ""
}

// allLikeParts tells names such as train_images and test-set, or such as seg_train and seg_test.
func allLikeParts(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names,
		func(n string) bool { return !likePart(n) }) || partsOfOne(names)
}

// partsOfOne tells names that all have the name of a part in them, of which two differ in nothing
// else.
func partsOfOne(names []string) bool {
	parts, same := map[string]part{}, false
	for _, n := range names {
		rest, is := splitPart(n)
		if is == "" {
			return false
		}
		if other, ok := parts[rest]; ok && other != is {
			same = true
		}
		parts[rest] = is
	}
	return same
}

// splitPart takes the first name of a part out of a name that is made of words.
func splitPart(name string) (rest string, is part) {
	words := wordsOf(name)
	for i, w := range words {
		if p := partOf(w); p != "" {
			return strings.ToLower(strings.Join(slices.Delete(words, i, i+1), " ")), p
		}
	}
	return "", ""
}

// wordsOf splits a name where it has no letters, and where a small letter is followed by a capital:
// trainA.
func wordsOf(name string) []string {
	var spaced strings.Builder
	small := false
	for _, r := range name {
		if small && unicode.IsUpper(r) {
			spaced.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		spaced.WriteRune(r)
	}
	return strings.FieldsFunc(spaced.String(), func(r rune) bool { return !unicode.IsLetter(r) })
}

// likePart tells a name that is made of a part's name and of words and numbers that go with it.
func likePart(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r < 'a' ||
			r > 'z'
	})
	found := false
	for _, w := range words {
		for _, ending := range []string{"set", "data", "dataset", "images", "imgs", "s"} {
			if stem := strings.TrimSuffix(w, ending); partOf(stem) != "" || stem == "dev" {
				w = stem
			}
		}
		switch {
		case partOf(w) != "" || slices.Contains([]string{"dev", "holdout", "tr", "trn", "te", "tst",
			"vld"}, w):
			found = true
		case !slices.Contains([]string{"set", "data", "dataset", "images", "image", "imgs", "img",
			"split", "part", "folder", "pictures", "photos", "the", "my"}, w):
			return false
		}
	}
	return found
}

// deeperParts points to parts that lie further down than they are looked for, "" if there are none.
func (d *division) deeperParts() string {
	for _, p := range d.places {
		for dir := path.Dir(p.rest); dir != "."; dir = path.Dir(dir) {
			if partOf(path.Base(dir)) != "" {
				return fmt.Sprintf("; there is a folder %q further down: open the folder that it lies in", path.Base(dir))
			}
		}
	}
	return ""
}
