package data

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"
)

// maxClasses bounds the number of class folders.
const maxClasses = 1 << 16

// The forms of a folder or tar of images, where LEAD is optional and CLASS may have folders of its
// own:
//
//	LEAD/train/CLASS/x.jpg   LEAD/test/CLASS/y.jpg   LEAD/val/CLASS/z.jpg
//	LEAD/CLASS/x.jpg
//
// With parts, train is needed. Where there is no test, val (or validation) is the test part; where
// there is one, val is the validation part and nothing is held out of train. Without parts, or with
// train alone, a tenth of each class is the test part. Classes are numbered in the sorted order of
// their names, so the label of a class depends on nothing else.

// place is where a picture lies in its data set.
type place struct {
	split, class, rest string // split is "" in a folder without parts
	*picture
}

// arrange turns the pictures of a folder or tar into parts and labels by their paths:
// [LEAD/][SPLIT/]CLASS/.../file. Pictures are sorted by path, so that a folder and any tar of it
// give the same data set.
func arrange(where string, pictures []*picture, size int) (*source, error) {
	if len(pictures) == 0 {
		return nil, formError(where, "there are no JPEG or PNG images in it")
	}
	// The order of a tar is that of whoever packed it.
	slices.SortFunc(pictures, func(a, b *picture) int { return cmp.Compare(a.name, b.name) })
	places, err := locate(pictures)
	if err != nil {
		return nil, err
	}
	parts := map[string][]*picture{}
	for _, p := range places {
		parts[p.split] = append(parts[p.split], p.picture)
	}
	classes, err := label(where, places)
	if err != nil {
		return nil, err
	}
	// Without parts, all of it is train until dataset takes the test part away.
	if _, whole := parts[""]; whole {
		parts["train"] = parts[""]
	}
	train, val, test, err := roles(where, parts)
	if err != nil {
		return nil, err
	}
	// Decided on all pictures: on a sample, a rare colour image would decide by chance.
	grey := !slices.ContainsFunc(pictures, func(p *picture) bool { return !p.grey })
	s := &source{name: "folder", classes: classes, channels: channelsOf(grey), size: size, content: contentOf(places)}
	set := func(p []*picture) Set { return &album{size: size, channels: s.channels, pictures: p} }
	s.train = set(train)
	if val != nil {
		s.val = set(val)
	}
	if test != nil {
		s.test = set(test)
	}
	return s, nil
}

// locate reads split and class from the paths of sorted pictures.
func locate(pictures []*picture) ([]place, error) {
	// A part is told by its name at the top only: CLASS may be called "test" below "train".
	strip := leading(pictures)
	hasTrain := slices.ContainsFunc(pictures, func(p *picture) bool { return strings.HasPrefix(p.name[strip:], "train/") })
	places := make([]place, len(pictures))
	for i, p := range pictures {
		if i > 0 && p.name == pictures[i-1].name {
			return nil, p.damage(&fault{-1, "each entry once", "this one twice", nil})
		}
		split, rest, ok := "", p.name[strip:], true
		if first, after, found := strings.Cut(rest, "/"); found && isSplit(first) {
			split, rest = first, after
			ok = hasTrain
		} else if hasTrain {
			ok = false
		}
		class, rest, nested := strings.Cut(rest, "/")
		if !ok || !nested {
			return nil, p.damage(&fault{-1, "images at CLASS/file, or all at train/CLASS/file and test/CLASS/file", fmt.Sprintf("one in %q", path.Dir(p.name)), nil})
		}
		places[i] = place{split, class, rest, p}
	}
	return places, nil
}

// isSplit tells the names that a part may have, in lower case as the forms in use write them.
func isSplit(name string) bool {
	return name == "train" || name == "test" || name == "val" || name == "validation"
}

// leading gives the length of a directory that all paths begin with and that is not itself a part
// or the only class.
func leading(pictures []*picture) int {
	first, _, _ := strings.Cut(pictures[0].name, "/")
	if isSplit(first) {
		return 0
	}
	for _, p := range pictures {
		rest, ok := strings.CutPrefix(p.name, first+"/")
		if !ok || !strings.Contains(rest, "/") {
			return 0
		}
	}
	return len(first) + 1
}

// label numbers the classes in sorted order and checks that all parts have the same ones.
func label(where string, places []place) ([]string, error) {
	have := map[string]map[string]bool{} // part to its classes
	var classes []string
	for _, p := range places {
		if have[p.split] == nil {
			have[p.split] = map[string]bool{}
		}
		have[p.split][p.class] = true
		classes = append(classes, p.class)
	}
	slices.Sort(classes)
	classes = slices.Compact(classes)
	if n := len(classes); n < 2 || n > maxClasses {
		return nil, fmt.Errorf("data: %q: want 2 to %d class folders, got %d (%q ...)", where, maxClasses, n, classes[0])
	}
	for _, split := range []string{"train", "test", "val", "validation"} {
		for _, class := range classes {
			if have[split] != nil && !have[split][class] {
				return nil, fmt.Errorf("data: %q: class %q has images in another part but none in %s/: all parts must have the same classes",
					where, class, split)
			}
		}
	}
	for _, p := range places {
		at, _ := slices.BinarySearch(classes, p.class)
		p.label = int32(at)
	}
	return classes, nil
}

// roles says which part serves as what: val/ or validation/ is the test part where there is no
// test/.
func roles(where string, parts map[string][]*picture) (train, val, test []*picture, err error) {
	val, test = parts["val"], parts["test"]
	if other := parts["validation"]; other != nil {
		if val != nil {
			return nil, nil, nil, fmt.Errorf("data: %q has both val/ and validation/: rename one to test", where)
		}
		val = other
	}
	if test == nil {
		val, test = nil, val
	}
	return parts["train"], val, test, nil
}

// splitClasses makes 10 % of each class, chosen by seed, the test part of a folder that has none.
func splitClasses(where string, all Set, classes []string, seed uint64) (train, test Set, err error) {
	members := make([][]int32, len(classes))
	for i := range all.Len() {
		l := all.Label(i)
		members[l] = append(members[l], int32(i))
	}
	var trains, tests []int32
	for l, m := range members {
		if len(m) < 2 {
			return nil, nil, fmt.Errorf("data: %q: class %q has %d image: want 2 or more, to set 10 %% of each class apart for testing", where, classes[l], len(m))
		}
		rng := newStream(seed, forSplit, uint64(l), 0)
		order := make([]int32, len(m))
		rng.permute(order)
		// At least one, so that every class is tested.
		n := max(1, len(m)/10)
		for k, j := range order {
			if k < n {
				tests = append(tests, m[j])
			} else {
				trains = append(trains, m[j])
			}
		}
	}
	slices.Sort(trains)
	slices.Sort(tests)
	return pick(all, trains), pick(all, tests), nil
}

// contentOf hashes the place and the bytes of every picture.
func contentOf(places []place) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range places {
		fmt.Fprintf(h, "%q %q %q %x\n", p.split, p.class, p.rest, p.sum)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
