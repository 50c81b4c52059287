package data_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// TestPartNames opens the same images under all names of parts, at the top and one level down, as
// folder and as tar.
func TestPartNames(t *testing.T) {
	want := mustOpen(t, pets(t, "train/", "val/", "test/").folder(t), data.Options{Size: 4})
	pixels, _ := all(t, want, want.Val)
	for i, train := range []string{"train", "Train", "TRAINING", "training", "TRAIN"} {
		val := []string{"val", "valid", "Validation", "EVAL", "Valid"}[i]
		test := []string{"test", "Testing", "TEST", "testing", "Test"}[i]
		for _, lead := range []string{"", "dataset/", "Animals-3/"} {
			files := pets(t, lead+train+"/", lead+val+"/", lead+test+"/")
			files["README.dataset.txt"] = []byte("x")
			packed, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")),
				data.Options{Size: 4})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []*data.Dataset{mustOpen(t, files.folder(t), data.Options{Size: 4}),
				packed} {
				got, _ := all(t, d, d.Val)
				if !slices.Equal(d.Classes, want.Classes) || !bytes.Equal(got, pixels) ||
					d.SHA256 != want.SHA256 {
					t.Errorf("%s%s, %s, %s: another data set", lead, train, val, test)
				}
				if r := d.Report; r.ValidationFrom != val || r.TestFrom != test {
					t.Errorf("%s%s, %s, %s: report %+v", lead, train, val, test, r)
				}
			}
		}
	}
}

// TestPartsRefused has folders that could be parts or classes: none is trained on.
func TestPartsRefused(t *testing.T) {
	img := pngOf(t, colourImage(4, 4, 1))
	for _, c := range []struct {
		name  string
		paths []string
		says  []string
	}{
		{"a class called train", []string{"bus/0.png", "car/0.png", "train/0.png"},
			[]string{`train/ was taken for a part`, `"bus"`, `"train-class"`}},
		{"a class called Test", []string{"bus/0.png", "car/0.png", "Test/0.png"},
			[]string{`Test/ was taken for a part`, `"Test-class"`}},
		{"images in parts", []string{"Train/0.png", "Test/0.png"},
			[]string{"Train", "without a class folder", "CLASS/file"}},
		{"no train", []string{"test/a/0.png", "test/b/0.png", "val/a/0.png", "val/b/0.png"},
			[]string{"no train/"}},
		{"no train, one level down", []string{"d/test/a/0.png", "d/test/b/0.png"},
			[]string{"no train/"}},
		{"like parts", []string{"train_images/0.png", "test_images/0.png"},
			[]string{"look like parts", "train/CLASS/file"}},
		{"like parts, with classes", []string{"trainset/a/0.png", "test-set/a/0.png",
			"dev/a/0.png"}, []string{"look like parts"}},
		{"numbered", []string{"Train1/0.png", "Train2/0.png"}, []string{"look like parts"}},
		{"of one name", []string{"seg_train/0.png", "seg_test/0.png"}, []string{"look like parts"}},
		{"of two domains", []string{"trainA/0.png", "trainB/0.png", "testA/0.png", "testB/0.png"},
			[]string{"look like parts"}},
		{"of classes", []string{"cats_train/0.png", "dogs_train/0.png", "cats_test/0.png"},
			[]string{"look like parts"}},
		{"short", []string{"tr/0.png", "te/0.png"}, []string{"look like parts"}},
		{"two cases", []string{"Train/a/0.png", "train/b/0.png"},
			[]string{"both Train/ and train/"}},
		{"two names", []string{"train/a/0.png", "training/b/0.png"},
			[]string{"two names of one part"}},
		{"two levels down", []string{"x/y/train/a/0.png", "x/y/train/b/0.png", "x/y/test/a/0.png",
			"x/y/test/b/0.png"}, []string{`"test" further down`}},
		{"below several folders", []string{"x/train/a/0.png", "x/test/a/0.png", "y/train/a/0.png"},
			[]string{"further down"}},
		{"nested classes", []string{"train/animals/cat/0.png", "train/animals/dog/0.png",
			"test/animals/cat/0.png"}, []string{`"animals"`, "several folders", "move them up"}},
		{"nested in one", []string{"cat/0.png", "cat/1.png", "dog/big/0.png", "dog/small/0.png"},
			[]string{`"dog"`, "several folders"}},
		{"beside and below", []string{"cat/0.png", "cat/more/1.png", "dog/0.png", "dog/1.png"},
			[]string{`"cat"`, "several folders"}},
	} {
		files := tree{}
		for _, p := range c.paths {
			files[p] = img
		}
		t.Run(c.name, func(t *testing.T) { failure(t, files.folder(t), data.Options{}, c.says...) })
	}
}

// TestPartsBeyondDoubt has names that are near those of parts.
func TestPartsBeyondDoubt(t *testing.T) {
	img := pngOf(t, colourImage(4, 4, 1))
	for _, classes := range [][]string{{"bus", "trainer"}, {"train-class", "car"},
		{"contest", "approval"}, {"validated", "devil"}, {"tests-passed", "tests-failed"},
		{"freight_train", "passenger_train"}, {"train-station", "test-tube"}} {
		files := tree{}
		for _, c := range classes {
			files[c+"/0.png"], files[c+"/1.png"] = img, img
		}
		if d := mustOpen(t, files.folder(t), data.Options{}); !slices.Equal(d.Classes,
			slices.Sorted(slices.Values(classes))) {
			t.Errorf("classes %q of %q", d.Classes, classes)
		}
	}
	// A class may have the name of a part below a part, and one folder for its images.
	files := tree{}
	for _, p := range []string{"train", "test"} {
		files[p+"/train/images/0.png"], files[p+"/test/images/0.png"] = img, img
	}
	if d := mustOpen(t, files.folder(t), data.Options{}); !slices.Equal(d.Classes,
		[]string{"test", "train"}) {
		t.Errorf("classes %q", d.Classes)
	}
}

// TestProblems: everything that is wrong comes in one report, and SkipDamaged goes on without it.
func TestProblems(t *testing.T) {
	files := pets(t, "train/", "test/")
	whole := maps.Clone(files)
	files["train/cat/9.jpg"] = []byte("text")
	files["train/dog/9.png"] = files["train/dog/0.png"][:30]
	files["test/dog/9.heic"] = []byte("x")
	files["test/dog/8.heic"] = []byte("x")
	files["train/yak/notes.txt"] = []byte("x")
	files["labels.csv"] = []byte("x")
	dir := files.folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "test", "yak"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "test", "cat", "7.png")); err != nil {
		t.Fatal(err)
	}
	err := failure(t, dir, data.Options{}, "7 problems", "2 .heic", "mend or remove")
	var problems *data.ProblemsError
	if !errors.As(err, &problems) {
		t.Fatalf("error %v", err)
	}
	list := problems.List()
	for i, says := range []string{"broken link", "test/dog/8.heic", "test/dog/9.heic",
		`folder "test/yak" has no images`, "train/cat/9.jpg", "train/dog/9.png",
		`folder "train/yak" has no images`} {
		if len(list) != 7 || !strings.Contains(list[i], says) {
			t.Errorf("%q: line %d does not say %q", list, i, says)
		}
	}
	d, err := data.Open(dir, data.Options{Size: 4, SkipDamaged: true})
	if err != nil {
		t.Fatal(err)
	}
	want := mustOpen(t, whole.folder(t), data.Options{Size: 4})
	if d.SHA256 != want.SHA256 || !slices.Equal(d.Classes, want.Classes) {
		t.Error("what was skipped leaves a trace")
	}
	skipped := []string{"test/cat/7.png", "test/dog/8.heic", "test/dog/9.heic", "test/yak",
		"train/cat/9.jpg", "train/dog/9.png", "train/yak"}
	if !slices.Equal(d.Report.Skipped, skipped) {
		t.Errorf("skipped %q", d.Report.Skipped)
	}
	line := "3 classes, 9 train / 0 validation / 9 test, 4 px; 7 files left out: 2 .heic, 1 .csv, 1 .txt, 1 broken link, 1 damaged .jpg, 1 damaged .png; 2 folders without images left out"
	if got := d.Report.String(); got != line {
		t.Errorf("line\n%s, want\n%s", got, line)
	}
}

// TestEmptyClassIsNamed: of a class that has images in one part only.
func TestEmptyClassIsNamed(t *testing.T) {
	files := pets(t, "train/", "test/")
	for name := range maps.Clone(files) {
		if strings.HasPrefix(name, "test/emu") {
			delete(files, name)
		}
	}
	failure(t, files.folder(t), data.Options{}, `"emu"`, "none in test/")
	d := mustOpen(t, files.folder(t), data.Options{Size: 4, SkipDamaged: true})
	if len(d.Classes) != 3 || d.Test.Len() != 6 {
		t.Errorf("%d classes, %d test images", len(d.Classes), d.Test.Len())
	}
	// Without images to train on there is no class to go on with.
	files = pets(t, "train/", "test/")
	for name := range maps.Clone(files) {
		if strings.HasPrefix(name, "train/emu") {
			delete(files, name)
		}
	}
	failure(t, files.folder(t), data.Options{SkipDamaged: true}, `"emu"`, "none in train/")
	// A part without anything.
	files = pets(t, "train/")
	dir := files.folder(t)
	if err := os.Mkdir(filepath.Join(dir, "Valid"), 0o777); err != nil {
		t.Fatal(err)
	}
	failure(t, dir, data.Options{}, `part folder "Valid" has no images`)
}

// TestReportLine has the lines of several data sets.
func TestReportLine(t *testing.T) {
	files := pets(t, "train/", "valid/", "test/")
	for i := range 20 {
		files[fmt.Sprintf("notes/%d.txt", i)] = []byte("x")
	}
	files["train/cat/big.png"] = pngOf(t, colourImage(9, 300, 1))
	files["train/cat/README"] = []byte("x")
	files["train/.hidden.txt"] = []byte("x")
	mnist := digits()
	mnist["index.html"] = []byte("x")
	for line, f := range map[string]tree{
		"3 classes, 10 train / 9 validation (valid/) / 9 test, 4-300 px, centre square resized to 16; 21 files left out: 20 .txt, 1 without ending": files,
		"3 classes, 9 train / 0 validation / 9 test (val/), 4 px, centre square resized to 16":                                                      pets(t, "train/", "val/"),
		"3 classes, 6 train / 0 validation / 3 test (from train), 4 px, centre square resized to 16":                                                pets(t, ""),
	} {
		got := mustOpen(t, f.folder(t), data.Options{Size: 16, Holdout: 0}).Report.String()
		if got != line {
			t.Errorf("line\n%s, want\n%s", got, line)
		}
	}
	if got := mustOpen(t, mnist.folder(t), data.Options{}).Report.String(); !strings.HasSuffix(got,
		" px; 1 file left out: 1 .html") {
		t.Errorf("line %s", got)
	}
	got := mustOpen(t, "synthetic", data.Options{}).Report.String()
	want := "10 classes, 5,400 train / 600 validation (from train) / 1,000 test, 32 px"
	if got != want {
		t.Errorf("line\n%s, want\n%s", got, want)
	}
}

// TestAlike warns of white drawings on a clear ground and of copies, and of nothing else.
func TestAlike(t *testing.T) {
	white, same, noisy := tree{}, tree{}, tree{}
	for i := range 20 {
		img := flat(16, 16, rgba(255, 255, 255, 0))
		for x := range 16 {
			img.Set(x, i%16, rgba(255, 255, 255, 255))
		}
		for _, class := range []string{"a", "b"} {
			name := fmt.Sprintf("%s/%d.png", class, i)
			white[name] = pngOf(t, img)
			same[name] = pngOf(t, colourImage(16, 16, 1))
			thin := flat(16, 16, rgba(255, 255, 255, 255))
			thin.Set(i%16, i/2, rgba(0, 0, 0, 255))
			noisy[name] = pngOf(t, thin)
		}
	}
	for name, c := range map[string]struct {
		files tree
		warns bool
	}{"white": {white, true}, "same": {same, true}, "a dot each": {noisy, false},
		"pets": {pets(t, ""), false}} {
		if r := mustOpen(t, c.files.folder(t),
			data.Options{Size: 16}).Report; (len(r.Warnings) > 0) != c.warns {
			t.Errorf("%s: warnings %q", name, r.Warnings)
		}
	}
	if r := mustOpen(t, "synthetic", data.Options{}).Report; len(r.Warnings) > 0 {
		t.Errorf("synthetic: %q", r.Warnings)
	}
}

func rgba(r, g, b, a uint8) color.NRGBA { return color.NRGBA{r, g, b, a} }

// TestProblemsBeyondTheBudget: images that are decoded late are looked at when opening: their end
// must be there. A class whose images cannot be read has none.
func TestProblemsBeyondTheBudget(t *testing.T) {
	files := pets(t, "train/", "test/")
	jpg := jpegOf(t, colourImage(16, 16, 1))
	files["train/dog/8.jpg"], files["train/dog/9.jpg"] = jpg, jpg[:len(jpg)-20]
	files["train/yak/0.png"] = files["train/dog/0.png"][:60]
	files["test/yak/0.png"] = files["train/dog/0.png"][:60]
	path := files.folder(t)
	for _, decoded := range []int64{0, 1} {
		_, err := data.OpenLimited(path, data.Options{Size: 4}, decoded, 0, 0, 0)
		var problems *data.ProblemsError
		if !errors.As(err, &problems) {
			t.Fatalf("error %v", err)
		}
		if got := strings.Join(problems.List(), "\n"); len(problems.Problems) != 5 ||
			!strings.Contains(got, "9.jpg") ||
			!strings.Contains(got, `class folder "train/yak" has no images that can be read`) {
			t.Errorf("with a budget of %d: %s", decoded, got)
		}
		d, err := data.OpenLimited(path, data.Options{Size: 4, Holdout: -1, SkipDamaged: true},
			decoded, 0, 0, 0)
		if err != nil || len(d.Classes) != 3 || d.Train.Len() != 10 {
			t.Errorf("with a budget of %d: %v, error %v", decoded, d, err)
		}
	}
}
