package data

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// The forms of a folder or tar of images, where LEAD is optional and TRAIN, TEST and VAL stand for
// any of their names in part.go:
//
//	LEAD/TRAIN/CLASS/x.jpg   LEAD/TEST/CLASS/y.jpg   LEAD/VAL/CLASS/z.jpg
//	LEAD/CLASS/x.jpg
//
// With parts, train is needed. Where there is no test, val is the test part; where there is one,
// val is the validation part and nothing is held out of train. Without parts, or with train alone,
// a tenth of each class is the test part. Classes are numbered in the sorted order of their names,
// so the label of a class depends on nothing else. The images of a class lie in one folder, CLASS
// or one below it: of several it cannot be known whether they are classes.

// place is where a picture lies in its data set.
type place struct {
	part               part   // "" in a folder without parts
	split, class, rest string // split is the part as the content hash has it
	*picture
}

// division is how a folder or tar of images is divided.
type division struct {
	lead    string // folder that everything lies in, "" or with a slash at its end
	parted  bool
	forTest bool            // to test on, not to train on
	folders map[part]string // names of the parts that have images
	places  []place
	classes []string
}

// arrange turns what was found in a folder or tar into parts and labels by the paths:
// [LEAD/][PART/]CLASS/.../file. Pictures are sorted by path, so that a folder and any tar of it
// give the same data set.
func (f *found) arrange(size int, g gate, o Options) (*source, error) {
	if len(f.pictures) == 0 {
		why := "there are no images in it"
		if f.only != nil {
			why += " of the classes that --classes names"
		}
		if f.leftOut.total() > 0 {
			why += ", but " + f.leftOut.String()
		}
		return nil, f.check(o.SkipDamaged, formError(f.where, why))
	}
	// The order of a tar is that of whoever packed it.
	slices.SortFunc(f.pictures, func(a, b *picture) int { return cmp.Compare(a.name, b.name) })
	d, err := f.locate(o)
	if err == nil {
		err = f.label(d)
	}
	if err := f.check(o.SkipDamaged, err); err != nil {
		return nil, err
	}
	if err := f.checkText(d); err != nil {
		return nil, err
	}
	// Decided on all pictures: on a sample, a rare colour image would decide by chance.
	grey := !slices.ContainsFunc(f.pictures, func(p *picture) bool { return !p.grey })
	s := &source{name: "folder", classes: d.classes, channels: channelsOf(grey), size: size,
		content: contentOf(d.places)}
	f.tell(s, d)
	if o.Cache != "" {
		var err error
		if s.cache, err = openCache(o.Cache, d.pictures(), size, s.channels, g); err != nil {
			return nil, err
		}
	}
	train, val, test := d.roles()
	set := func(p []*picture) Set {
		return &album{size: size, channels: s.channels, pictures: p,
			gate: g}
	}
	s.train = set(train)
	if val != nil {
		s.val = set(val)
	}
	if test != nil {
		s.test = set(test)
	}
	return s, nil
}

// tell notes what there is to say about a source that was found.
func (f *found) tell(s *source, d *division) {
	s.leftOut = f.leftOut
	for _, p := range f.problems {
		s.skipped = append(s.skipped, p.name)
		if p.kind == "" {
			s.emptied = append(s.emptied, p.name)
		} else {
			s.leftOut.add(p.kind)
		}
	}
	s.valFolder, s.testFolder = d.folders[val], d.folders[test]
	if s.testFolder == "" {
		s.valFolder, s.testFolder = "", s.valFolder
	}
	s.minSide, s.maxSide = 1<<30, 0
	for _, p := range f.pictures {
		s.minSide, s.maxSide = min(s.minSide, int(p.width), int(p.height)),
			max(s.maxSide, int(p.width), int(p.height))
		if p.orientation != prepare.Upright {
			s.turned++
		}
		if p.clear {
			s.clear++
		}
	}
}

// locate reads part and class from the paths of sorted pictures.
func (f *found) locate(o Options) (*division, error) {
	// A part is told by its name at the top only: CLASS may be called "test" below "train".
	d := &division{lead: leading(f.pictures), folders: map[part]string{}, forTest: o.forTest}
	if err := d.findParts(f); err != nil {
		return nil, err
	}
	for i, p := range f.pictures {
		if i > 0 && p.name == f.pictures[i-1].name {
			return nil, p.damage(&fault{-1, "each entry once", "this one twice", nil})
		}
		at, rest := place{picture: p}, p.name[len(d.lead):]
		if d.parted {
			folder, after, _ := strings.Cut(rest, "/")
			at.part, at.split, rest = partOf(folder), splitName(folder), after
		}
		class, rest, nested := strings.Cut(rest, "/")
		if !nested && at.part != "" && f.listing != nil {
			if class, rest = f.listing.class(p.name), class; class == "" {
				return nil, p.damage(&fault{-1, "an image that " + f.listing.file + " lists",
					"one that it does not", nil})
			}
			nested = true
		}
		if !nested {
			return nil, p.damage(&fault{-1,
				"images at CLASS/file, or all at train/CLASS/file and test/CLASS/file",
				fmt.Sprintf("one in %q, which has no class folder", path.Dir(p.name)), nil})
		}
		at.class, at.rest = class, rest
		d.places = append(d.places, at)
	}
	d.sort(f.listing != nil)
	return d, d.checkNested(f.where)
}

// sort puts the places into the order that they have where parts are called train, test and val, so
// that what parts are called does not matter. Listed images come in the order of class folders.
func (d *division) sort(listed bool) {
	slices.SortStableFunc(d.places, func(a, b place) int {
		if a.split == b.split && listed {
			return cmp.Compare(a.class+"/"+a.rest, b.class+"/"+b.rest)
		}
		return cmp.Compare(a.split, b.split)
	})
}

// leading gives the folder, with a slash, that all paths begin with and that is not itself a part
// or the only class.
func leading(pictures []*picture) string {
	first, _, _ := strings.Cut(pictures[0].name, "/")
	if partOf(first) != "" {
		return ""
	}
	for _, p := range pictures {
		rest, ok := strings.CutPrefix(p.name, first+"/")
		if !ok || !strings.Contains(rest, "/") {
			return ""
		}
	}
	return first + "/"
}

// checkNested refuses a class whose images lie in several folders.
func (d *division) checkNested(where string) error {
	folders := map[[2]string]string{}
	for _, p := range d.places {
		class, folder := [2]string{p.split, p.class}, path.Dir(p.name)
		if other, ok := folders[class]; ok && other != folder {
			if deeper := d.deeperParts(); deeper != "" {
				return fmt.Errorf("data: %q: the images of %q lie in several folders%s", where,
					p.class, deeper)
			}
			return fmt.Errorf("data: %q: the images of class %q lie in several folders, such as %q and %q: if each of them is a class, move them up, beside each other in %q; "+
				"if they are one class, move their images together", where, p.class, other, folder,
				path.Dir(d.classFolder(p)))
		}
		folders[class] = folder
	}
	return nil
}

// classFolder is the path of a class in its part.
func (d *division) classFolder(p place) string {
	return strings.TrimSuffix(p.name, "/"+p.rest)
}

// label numbers the classes in sorted order, and notes those that have no images in some part.
func (f *found) label(d *division) error {
	have := map[part]map[string]bool{}
	for _, p := range d.places {
		if have[p.part] == nil {
			have[p.part] = map[string]bool{}
		}
		have[p.part][p.class] = true
		d.classes = append(d.classes, p.class)
	}
	slices.Sort(d.classes)
	d.classes = slices.Compact(d.classes)
	for _, name := range slices.Sorted(maps.Keys(f.only)) {
		if !slices.Contains(d.classes, name) && !d.forTest {
			return noClass(f.where, name, d.classes)
		}
	}
	if err := f.emptyFolders(d, have); err != nil {
		return err
	}
	if err := f.checkClasses(d, have); err != nil {
		return err
	}
	for _, p := range d.places {
		at, _ := slices.BinarySearch(d.classes, p.class)
		p.label = int32(at)
	}
	return nil
}

// emptyFolders notes folders of classes and parts that have no images.
func (f *found) emptyFolders(d *division, have map[part]map[string]bool) error {
	// folders that cannot be read, or with images that cannot
	named, unreadable := map[string]bool{}, map[string]bool{}
	for _, p := range f.problems {
		named[p.name] = true
		for dir := path.Dir(p.name); dir != "."; dir = path.Dir(dir) {
			unreadable[dir] = true
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(f.folders)) {
		what := d.emptyFolder(folder, have)
		if what == "" || named[folder] || f.only != nil && !f.only[path.Base(folder)] {
			continue
		}
		if len(f.problems) > maxProblems {
			return fmt.Errorf("data: %q has more than %d files and folders without images that can be read", f.where, maxProblems)
		}
		why := "has no images"
		if unreadable[folder] {
			why += " that can be read"
		}
		f.problems = append(f.problems, problem{folder, "", fmt.Errorf("data: %s folder %q %s",
			what, folder, why)})
	}
	return nil
}

// emptyFolder tells whether a folder is that of a class or part without images.
func (d *division) emptyFolder(folder string, have map[part]map[string]bool) (what string) {
	rest, ok := strings.CutPrefix(folder+"/", d.lead)
	names := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	switch is := partOf(names[0]); {
	case !ok || rest == "":
	case !d.parted:
		if len(names) == 1 && !have[""][names[0]] {
			return "class"
		}
	case is == "" || len(names) > 2:
	case have[is] == nil:
		if len(names) == 1 {
			return "part"
		}
	case len(names) == 2 && !have[is][names[1]]:
		return "class"
	}
	return ""
}

// checkClasses checks that all parts have the same classes. One that train has may be left out of
// another part.
func (f *found) checkClasses(d *division, have map[part]map[string]bool) error {
	if n := len(d.classes); n < 2 && !d.forTest || n > maxClasses {
		return fmt.Errorf("data: %q: want 2 to %d class folders, got %d (%q ...)%s", f.where,
			maxClasses, n, d.classes[0], d.deeperParts())
	}
	for _, class := range d.classes {
		for p, folder := range d.folders {
			switch at := d.lead + folder + "/" + class; {
			case have[p][class]:
			case p == train:
				return fmt.Errorf("data: %q: class %q has images in another part but none in %s/: all parts must have the same classes", f.where, class, d.lead+folder)
			case !f.folders[at]: // else it was noted as an empty folder
				f.problems = append(f.problems,
					problem{at, "", fmt.Errorf(
						"data: class %q has images in another part but none in %s/: all parts must have the same classes", class, d.lead+folder)})
			}
		}
	}
	return nil
}

// checkText refuses names that a run or a result could not keep.
func (f *found) checkText(d *division) error {
	names := slices.Clone(d.classes)
	for _, p := range f.problems {
		names = append(names, p.name)
	}
	for _, n := range names {
		if !utf8.ValidString(n) {
			return fmt.Errorf("data: %q: the name %q is not UTF-8, so that no run could keep it: rename it", f.where, n)
		}
	}
	return nil
}

// pictures are those of all places, in their order.
func (d *division) pictures() (all []*picture) {
	for _, p := range d.places {
		all = append(all, p.picture)
	}
	return all
}

// roles says which part serves as what: val is the test part where there is no other.
func (d *division) roles() (trains, vals, tests []*picture) {
	pictures := map[part][]*picture{}
	for _, p := range d.places {
		pictures[p.part] = append(pictures[p.part], p.picture)
	}
	if !d.parted {
		return pictures[""], nil, nil
	}
	if pictures[test] == nil {
		return pictures[train], nil, pictures[val]
	}
	return pictures[train], pictures[val], pictures[test]
}

// splitClasses makes 10 % of each class, chosen by seed, the test part of a folder that has none.
func splitClasses(where string, all Set, classes []string, seed uint64) (train, test Set,
	err error) {
	members := make([][]int32, len(classes))
	for i := range all.Len() {
		l := all.Label(i)
		members[l] = append(members[l], int32(i))
	}
	var trains, tests []int32
	for l, m := range members {
		if len(m) < 2 {
			return nil, nil, fmt.Errorf(
				"data: %q: class %q has %d image: want 2 or more, to set 10 %% of each class apart for testing", where, classes[l], len(m))
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

// contentOf hashes the place and the bytes of every picture. Images that are turned or laid on
// white are marked: earlier versions took them as they are stored, on black, and what they made of
// them is not to be mixed up with this.
func contentOf(places []place) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range places {
		fmt.Fprintf(h, "%q %q %q %x\n", p.split, p.class, p.rest, p.sum)
		if p.orientation != prepare.Upright || p.clear {
			fmt.Fprintf(h, "orientation=%d white=%t\n", p.orientation, p.clear)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}
